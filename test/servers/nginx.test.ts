import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startNginx } from "./nginx.ts";

function layFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "smartsync-web-"));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("nginx serves a document root, Japanese names included, and tells what is not there", async () => {
  const root = layFolder();
  mkdirSync(join(root, "お知らせ"));
  writeFileSync(join(root, "お知らせ/index.html"), "ようこそ");
  await using web = await startNginx({ root });
  const page = await fetch(`${web.url}/${encodeURIComponent("お知らせ")}/`);
  expect({ status: page.status, type: page.headers.get("content-type"), text: await page.text() }).toEqual({
    status: 200,
    type: "text/html; charset=utf-8",
    text: "ようこそ",
  });
  expect((await fetch(`${web.url}/none.html`)).status).toBe(404);
  writeFileSync(join(root, "none.html"), "今はある");
  expect(await (await fetch(`${web.url}/none.html`)).text()).toBe("今はある");
});

test("nginx follows a document root that is a symlink as soon as it is switched", async () => {
  const folder = layFolder();
  for (const version of ["1", "2"]) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "index.html"), version);
  }
  const root = join(folder, "html");
  symlinkSync("1", root);
  await using web = await startNginx({ root });
  expect(await (await fetch(web.url)).text()).toBe("1");
  symlinkSync("2", join(folder, "next"));
  renameSync(join(folder, "next"), root);
  expect(await (await fetch(web.url)).text()).toBe("2");
});

test("nginx is gone once it is stopped", async () => {
  const web = await startNginx({ root: layFolder() });
  await fetch(web.url);
  await web.stop();
  await expect(fetch(web.url)).rejects.toThrow("fetch failed");
});
