import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { FtpServer } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { ftpsSetting } from "./ftps-setting.ts";
import { makeWorkspace, treeOf, type Workspace } from "./workspace.ts";

/** Deliveries killed on each server while they were running; 60 in all. */
const KILLS = 20;
const FILES = 90;

const servers: Record<string, () => Promise<FtpServer>> = {
  vsftpd: () => startVsftpd({}),
  ProFTPD: () => startProftpd({}),
  "Pure-FTPd": () => startPureFtpd({}),
};

describe.each(Object.entries(servers))("kill -9 against %s", (_name, start) => {
  test(`${KILLS} deliveries killed at random moments: one plain run later the server is byte-equal to the source`, async () => {
    await using server = await start();
    using workspace = makeWorkspace();
    configure(workspace, server);
    workspace.publish(rebuild(0));
    let lines = await push(workspace);

    let killed = 0;
    for (let round = 1; killed < KILLS; round++) {
      workspace.publish(rebuild(round));
      if (await killAt(workspace, randomInt(lines), randomInt(20))) killed++;
      lines = await push(workspace);
      expect(treeOf(server.root), `round ${round}`).toEqual(treeOf(workspace.source));
      if (round > KILLS * 4) throw new Error(`only ${killed} of ${round} kills hit a running delivery`);
    }
    const after = await workspace.run(["plan", "--exit-code"]);
    expect(after.code, after.stdout + after.stderr).toBe(0);
    console.log(`${server.name}: ${killed} deliveries killed, every one made good by one plain run`);
  }, 300_000);
});

function configure(workspace: Workspace, server: FtpServer): void {
  // Half of the files come and go in every round, which is what the guards are there to refuse.
  const guard = { maxDelete: "100%", maxDeleteCount: 10_000, maxShrink: "100%" };
  workspace.configure({ web1: ftpsSetting(server) }, { guard });
}

/** The site after its n-th rebuild: some pages new, some changed, some gone, some as they were. */
function rebuild(round: number): Record<string, string | null> {
  const files: Record<string, string | null> = {};
  for (let n = 0; n < FILES; n++) {
    const path = n % 3 === 0 ? `assets/画像/${n}.css` : `記事/${n % 7}/page ${n}.html`;
    const age = Math.floor((round + n) / 4);
    if (age % 3 !== 2 || n === 0) files[path] = `${path} as of ${age}\n`.repeat(1 + (n % 50) * 20);
    else if (round > 0 && Math.floor((round - 1 + n) / 4) % 3 !== 2) files[path] = null;
  }
  return files;
}

/** Delivers; gives how many events it told. */
async function push(workspace: Workspace): Promise<number> {
  const result = await workspace.run(["push", "--yes", "--json"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result.stdout.split("\n").length - 1;
}

/** Starts a delivery and kills it so long after so many events; false when it had ended by then. */
async function killAt(workspace: Workspace, events: number, ms: number): Promise<boolean> {
  const { child, ended } = workspace.start(["push", "--yes", "--json"]);
  let told = 0;
  const enough = new Promise<void>((resolve) => {
    child.stdout?.on("data", (text: string) => {
      told += text.split("\n").length - 1;
      if (told >= events) resolve();
    });
  });
  await Promise.race([enough, ended]);
  await delay(ms);
  child.kill("SIGKILL");
  return (await ended).signal === "SIGKILL";
}
