import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bodyOf, bytes, metaOf, relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { ACCOUNT, type FtpServer } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { openOn } from "./ftps-stage.ts";

const ctx = testCtx();
const page = Buffer.from("ようこそ");

/** Lays a directory with one page in the document root, as the account's own. */
function layFolder(server: FtpServer, mode: number): void {
  const folder = join(server.root, "記事");
  mkdirSync(folder);
  writeFileSync(join(folder, "1.html"), page);
  for (const path of [folder, join(folder, "1.html")]) chownSync(path, ACCOUNT.uid, ACCOUNT.gid);
  chmodSync(folder, mode);
}

describe.each([
  ["vsftpd", startVsftpd],
  ["ProFTPD", startProftpd],
  ["Pure-FTPd", startPureFtpd],
] as const)("%s refuses", (_name, start) => {
  test("what lies in a folder that can't be entered is never taken for absent", async () => {
    await using server = await start();
    layFolder(server, 0o000);
    await using target = await openOn(server);
    const hidden = relPath("記事/1.html");
    const denied = { kind: "config", code: expect.stringMatching(/^(permission-denied|existence-unclear)$/) };
    await expect(target.get(hidden, ctx)).rejects.toMatchObject(denied);
    await expect(target.remove([hidden], ctx)).rejects.toMatchObject(denied);
    await expect(Array.fromAsync(target.list("記事", ctx))).rejects.toMatchObject(denied);
  });

  test("a folder that can be entered but not listed is an error, not empty", async () => {
    await using server = await start();
    layFolder(server, 0o300);
    await using target = await openOn(server);
    await expect(Array.fromAsync(target.list("", ctx))).rejects.toMatchObject({ kind: "config" });
    await expect(target.get(relPath("記事/2.html"), ctx).catch((error) => error.kind)).resolves.toMatch(
      /config|not-found/,
    );
    expect(Buffer.from(await target.get(relPath("記事/1.html"), ctx))).toEqual(page);
  });

  test("a file that can't be read is denied, not absent", async () => {
    await using server = await start();
    layFolder(server, 0o755);
    chmodSync(join(server.root, "記事/1.html"), 0o000);
    await using target = await openOn(server);
    await expect(target.get(relPath("記事/1.html"), ctx)).rejects.toMatchObject({
      kind: "config",
      code: "permission-denied",
    });
  });

  test("writing into a read-only folder: a typed error, and the old page stays", async () => {
    await using server = await start();
    layFolder(server, 0o555);
    await using target = await openOn(server);
    const changed = bytes(500);
    const put = target.put(metaOf("記事/1.html", changed), bodyOf(changed), ctx);
    await expect(put).rejects.toMatchObject({ kind: "config", code: "permission-denied", hint: expect.any(String) });
    await expect(target.remove([relPath("記事/1.html")], ctx)).rejects.toMatchObject({ code: "permission-denied" });
    expect(readFileSync(join(server.root, "記事/1.html"))).toEqual(page);
    expect(readdirSync(join(server.root, "記事"))).toEqual(["1.html"]);
  });

  test("a full disk: a typed error, the old page stays, and no leftover", async () => {
    await using disk = await mountSmallDisk(2);
    await using server = await start({ home: disk.path });
    await using target = await openOn(server);
    await target.put(metaOf("index.html", page), bodyOf(page), ctx);
    const huge = bytes(4_000_000);
    const put = target.put(metaOf("index.html", huge), bodyOf(huge), ctx);
    await expect(put).rejects.toMatchObject({ kind: "config", code: "disk-full" });
    expect(readFileSync(join(server.root, "index.html"))).toEqual(page);
    expect(readdirSync(server.root)).toEqual(["index.html"]);
    await target.put(metaOf("small.html", page), bodyOf(page), ctx);
  });

  test("the state inside the document root is closed to the web, and not listed", async () => {
    await using server = await start();
    await using target = await openOn(server, { path: "/" });
    await target.state.write("manifest.json", page, ctx);
    const state = join(server.home, ".smartsync");
    expect(readFileSync(join(state, ".htaccess"), "utf8")).toContain("Require all denied");
    expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
    expect(await Array.fromAsync(target.list("", ctx))).toEqual([]);
    writeFileSync(join(state, ".htaccess"), "Require all granted");
    await using next = await openOn(server, { path: "/" });
    await next.state.write("manifest.json", page, ctx);
    expect(readFileSync(join(state, ".htaccess"), "utf8")).toContain("Require all denied");
  });

  test("a state moved aside by a replacement that broke off is still read, and removed with it", async () => {
    await using server = await start();
    await using target = await openOn(server);
    await target.state.write("manifest.json", page, ctx);
    const file = join(server.home, ".smartsync/public_html/manifest.json");
    renameSync(file, `${file}.old`);
    expect(Buffer.from((await target.state.read("manifest.json", ctx)) ?? [])).toEqual(page);
    expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
    await target.state.remove(["manifest.json"], ctx);
    expect(existsSync(`${file}.old`)).toBe(false);
    expect(await target.state.read("manifest.json", ctx)).toBeUndefined();
  });
});
