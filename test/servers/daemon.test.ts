import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { converse } from "./clients.ts";
import type { FtpServer } from "./ftp-server.ts";

test("the servers and a mounted disk end with the test process, even when it is killed", async () => {
  const program = `
    const modules = ["vsftpd", "proftpd", "pure-ftpd", "small-disk"].map((name) => import("${import.meta.dirname}/" + name + ".ts"));
    const [vsftpd, proftpd, pureFtpd, smallDisk] = await Promise.all(modules);
    const plain = { tls: "none" };
    const servers = await Promise.all([vsftpd.startVsftpd(plain), proftpd.startProftpd(plain), pureFtpd.startPureFtpd(plain)]);
    const disk = await smallDisk.mountSmallDisk(1);
    console.log(JSON.stringify({ servers, disk }));
    setInterval(() => {}, 1000);
  `;
  const victim = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(victim.stdout, "readable");
  const { servers, disk }: { servers: FtpServer[]; disk: { path: string } } = JSON.parse(String(victim.stdout.read()));
  const sessions = await Promise.all(servers.map((server) => converse(server)));
  victim.kill("SIGKILL");
  for (const session of sessions) expect(await session.listen()).not.toMatch(/^2/);
  for (const server of servers) {
    await expect(converse(server)).rejects.toThrow("ECONNREFUSED");
    rmSync(dirname(server.home), { recursive: true });
  }
  await expect.poll(() => existsSync(disk.path)).toBe(false);
});
