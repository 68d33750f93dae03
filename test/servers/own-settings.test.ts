import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { converse, curl, handshake, upload } from "./clients.ts";
import { startProftpd } from "./proftpd.ts";
import { startVsftpd } from "./vsftpd.ts";

describe.each([
  { name: "vsftpd", start: startVsftpd, refusal: "522", idle: "421" },
  { name: "ProFTPD", start: startProftpd, refusal: "425", idle: "421" },
])("$name's own settings", ({ start, refusal, idle }) => {
  test("TLS session reuse is demanded on data connections, and can be left out", async () => {
    await using strict = await start();
    const without = await upload(strict, "public_html/a.txt", "a", ["--no-sessionid"]);
    expect(without.status).not.toBe(0);
    expect(without.text).toContain(`< ${refusal} `);
    await using lenient = await start({ sessionReuse: "off" });
    expect(await upload(lenient, "public_html/a.txt", "a", ["--no-sessionid"])).toMatchObject({ status: 0 });
  });

  test("TLS session reuse works with TLS 1.2 and with TLS 1.3", async () => {
    for (const tlsVersion of ["1.2", "1.3"] as const) {
      await using server = await start({ tlsVersion });
      expect(await upload(server, "public_html/a.txt", tlsVersion)).toMatchObject({ status: 0 });
    }
  });

  test("implicit TLS begins with the handshake", async () => {
    await using server = await start({ tls: "implicit" });
    expect((await handshake(server)).text).toContain("Verify return code: 0 (ok)");
    expect(await upload(server, "public_html/a.txt", "a")).toMatchObject({ status: 0 });
  });

  test("an idle connection is closed after the time given", async () => {
    await using server = await start({ tls: "none", idleTimeoutSeconds: 1 });
    using session = await converse(server);
    expect(await session.listen()).toMatch(new RegExp(`^${idle} `));
  });

  test("a read-only server refuses to make, store and delete", async () => {
    await using server = await start({ readOnly: true });
    expect((await upload(server, "public_html/a.txt", "a")).text).toContain("< 550 ");
    expect((await curl(server, "", ["--quote", "MKD public_html/news"])).text).toContain("< 550 ");
    expect(readdirSync(server.root)).toEqual([]);
  });

  test("a Shift_JIS server takes names as bytes and does not claim UTF-8", async () => {
    await using server = await start({ tls: "none", encoding: "shift_jis" });
    using session = await converse(server);
    expect(await session.ask("FEAT")).not.toContain("UTF8");
    // 表示 in Shift_JIS: the second byte is a backslash in ASCII.
    const name = Buffer.from([0x95, 0x5c, 0x8e, 0xa6]);
    expect(await session.ask(Buffer.concat([Buffer.from("MKD /public_html/"), name]))).toMatch(/^257/);
    expect(readdirSync(server.root, { encoding: "buffer" })).toEqual([name]);
  });

  test("an address of PASV that can't be reached comes with EPSV refused", async () => {
    await using server = await start({ tls: "none", pasvAddress: "10.9.8.7" });
    using session = await converse(server);
    expect(await session.ask("EPSV")).toMatch(/^5/);
  });
});

describe("ProFTPD's own settings", () => {
  test("without AllowOverwrite it refuses to store and to rename over a file, and keeps the old one", async () => {
    await using server = await startProftpd({ allowOverwrite: false, sessionReuse: "off" });
    for (const name of ["old.html", "new.html"])
      expect((await upload(server, `public_html/${name}`, name)).status).toBe(0);
    expect((await upload(server, "public_html/old.html", "again")).text).toContain("< 550 ");
    const renamed = await curl(server, "", [
      "--quote",
      "RNFR public_html/new.html",
      "--quote",
      "RNTO public_html/old.html",
    ]);
    expect(renamed.text).toMatch(/> RNTO[^<]*< 550 /);
    expect(readFileSync(join(server.root, "old.html"), "utf8")).toBe("old.html");
  });

  test("with AllowOverwrite it renames over a file", async () => {
    await using server = await startProftpd();
    for (const name of ["old.html", "new.html"])
      expect((await upload(server, `public_html/${name}`, name)).status).toBe(0);
    await curl(server, "", ["--quote", "RNFR public_html/new.html", "--quote", "RNTO public_html/old.html"]);
    expect(readFileSync(join(server.root, "old.html"), "utf8")).toBe("new.html");
  });

  test("without MLSD it neither offers nor takes it", async () => {
    await using server = await startProftpd({ tls: "none", mlsd: false });
    using session = await converse(server);
    expect(await session.ask("FEAT")).not.toMatch(/MLST|MFMT/);
    expect(await session.ask("MLST /")).toMatch(/^550/);
  });
});

test("vsftpd knows no MLSD", async () => {
  await using server = await startVsftpd({ tls: "none" });
  using session = await converse(server);
  expect(await session.ask("FEAT")).not.toContain("MLST");
  expect(await session.ask("MLSD")).toMatch(/^500/);
});
