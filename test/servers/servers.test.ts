import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serverCertificate } from "./certificates.ts";
import { converse, curl, handshake, upload } from "./clients.ts";
import { ACCOUNT, type FtpServer, type FtpServerOptions } from "./ftp-server.ts";
import { startProftpd } from "./proftpd.ts";
import { startPureFtpd } from "./pure-ftpd.ts";
import { mountSmallDisk } from "./small-disk.ts";
import { startVsftpd } from "./vsftpd.ts";

type Common = Omit<FtpServerOptions, "tls"> & { tls?: "explicit" | "none" };
type Start = (options?: Common) => Promise<FtpServer>;

const servers: readonly { name: string; start: Start; tooMany: RegExp; plainRefused: RegExp }[] = [
  { name: "vsftpd", start: startVsftpd, tooMany: /^421 /, plainRefused: /^530 / },
  { name: "ProFTPD", start: startProftpd, tooMany: /^530 /, plainRefused: /^550 / },
  { name: "Pure-FTPd", start: startPureFtpd, tooMany: /^421 /, plainRefused: /^421/ },
];

/** The server's certificate in what openssl printed. */
function pem(text: string): string {
  return /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(text)?.[0] ?? "";
}

/** What a client beyond the limit is told: at once, or after the password. */
async function turnedAway(server: FtpServer): Promise<string> {
  using second = await converse(server, false);
  if (!second.greeting.startsWith("220")) return second.greeting;
  await second.ask(`USER ${server.user}`);
  return await second.ask(`PASS ${server.password}`);
}

describe.each(servers)("$name", ({ start, tooMany, plainRefused }) => {
  test("takes an upload over TLS into the document root, as the account's own file", async () => {
    await using server = await start();
    expect(await upload(server, "public_html/お知らせ/日本語.html", "こんにちは", ["--ftp-create-dirs"])).toMatchObject(
      {
        status: 0,
      },
    );
    const file = join(server.root, "お知らせ/日本語.html");
    expect(readFileSync(file, "utf8")).toBe("こんにちは");
    expect(statSync(file)).toMatchObject({ uid: ACCOUNT.uid, mode: 0o100644 });
    expect((await curl(server, "public_html/お知らせ/")).text).toContain("日本語.html");
  });

  test("shows the user its home as /, and nothing outside of it", async () => {
    await using server = await start({ tls: "none" });
    using session = await converse(server);
    expect(await session.ask("PWD")).toMatch(/^257 "\/"/);
    expect(await session.ask(`CWD ${server.path}`)).toMatch(/^250/);
    expect(await session.ask("CWD /etc")).toMatch(/^550/);
  });

  test("refuses a wrong password", async () => {
    await using server = await start();
    expect(await curl(server, "", ["--user", `${server.user}:wrong`])).toMatchObject({ status: 67 });
  });

  test("refuses a login without TLS, unless it is started without", async () => {
    await using strict = await start();
    using session = await converse(strict, false);
    expect(await session.ask(`USER ${strict.user}`)).toMatch(plainRefused);
    await using plain = await start({ tls: "none" });
    expect(await upload(plain, "public_html/a.txt", "a")).toMatchObject({ status: 0 });
  });

  test.each([["1.2", "1.3"] as const, ["1.3", "1.2"] as const])(
    "speaks only TLS %s, not %s, when told so",
    async (version, other) => {
      await using server = await start({ tlsVersion: version });
      const option = (value: string) => `-tls${value.replace(".", "_")}`;
      expect((await handshake(server, option(version))).text).toContain(`TLSv${version}`);
      expect(await handshake(server, option(other))).toMatchObject({ status: 1 });
      expect(await upload(server, "public_html/a.txt", "a")).toMatchObject({ status: 0 });
    },
  );

  test("speaks both TLS 1.2 and 1.3 when not told", async () => {
    await using server = await start();
    expect((await handshake(server, "-tls1_2")).status).toBe(0);
    expect((await handshake(server, "-tls1_3")).status).toBe(0);
  });

  test("shows the certificate asked for, with the fingerprint given", async () => {
    const verdicts = { valid: "0 (ok)", "self-signed": "0 (ok)", expired: "10 (certificate has expired)" } as const;
    for (const certificate of ["valid", "self-signed", "expired"] as const) {
      const verdict = verdicts[certificate];
      await using server = await start({ certificate });
      const { text } = await handshake(server);
      expect(text).toContain(`Verify return code: ${verdict}`);
      expect(new X509Certificate(pem(text)).fingerprint256).toBe(server.certificate?.fingerprint);
      const untrusting = await curl(server, "", [
        "--cacert",
        serverCertificate(certificate === "self-signed" ? "valid" : "self-signed").caFile,
      ]);
      expect(untrusting.status).toBe(60);
    }
  });

  test("turns away a connection over the limit", async () => {
    for (const limit of [{ maxClients: 1 }, { maxPerAddress: 1 }]) {
      await using server = await start({ tls: "none", ...limit });
      using _first = await converse(server);
      expect(await turnedAway(server)).toMatch(tooMany);
    }
  });

  test("names another address in PASV replies when told so", async () => {
    await using server = await start({ tls: "none", pasvAddress: "10.9.8.7" });
    using session = await converse(server);
    expect(await session.ask("PASV")).toMatch(/^227 .*\(10,9,8,7,/);
  });

  test("opens data connections only in its own range of ports", async () => {
    await using server = await start({ tls: "none" });
    using session = await converse(server);
    for (let i = 0; i < 5; i++) {
      const port = Number(/\|\|\|(\d+)\|/.exec(await session.ask("EPSV"))?.[1]);
      expect(port).toBeGreaterThanOrEqual(server.passive.first);
      expect(port).toBeLessThanOrEqual(server.passive.last);
    }
  });

  test("fails an upload on a full disk, and says so", async () => {
    await using disk = await mountSmallDisk(1);
    await using server = await start({ home: disk.path });
    expect((await upload(server, "public_html/small.txt", "small")).status).toBe(0);
    expect((await upload(server, "public_html/large.txt", "x".repeat(2_000_000))).status).not.toBe(0);
    expect(statSync(join(server.root, "small.txt")).size).toBe(5);
  });

  test("leaves nothing behind when stopped", async () => {
    const server = await start({ tls: "none" });
    using session = await converse(server);
    await server.stop();
    expect(await session.ask("NOOP")).not.toContain("200");
    expect(existsSync(server.home)).toBe(false);
    await expect(converse(server)).rejects.toThrow("ECONNREFUSED");
  });
});
