import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { testCtx } from "../doubles/test-ctx.ts";
import { laterClock, memoryCache, type ScratchSite, scratchSite } from "./scratch-site.ts";

/** Does something as a user for whom permissions count; root can read everything. */
async function asOrdinaryUser<T>(site: ScratchSite, work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  chmodSync(dirname(site.root), 0o755);
  process.seteuid?.("nobody");
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

test("unreadable files and directories stop the scan, and all are named", async () => {
  using site = scratchSite({ "index.html": "", "ニュース/非公開.html": "", "private/a.html": "" });
  chmodSync(site.at("ニュース/非公開.html"), 0o200);
  chmodSync(site.at("private"), 0o300);
  const scan = () => asOrdinaryUser(site, () => site.open().scan(testCtx()));
  await expect(scan()).rejects.toMatchObject({
    kind: "config",
    code: "source-unreadable",
    message: expect.stringMatching(/private \(permission denied\)/),
  });
  chmodSync(site.at("private"), 0o755);
  await expect(scan()).rejects.toMatchObject({
    code: "source-unreadable",
    message: expect.stringMatching(/can't read 1 .*\n {2}ニュース\/非公開\.html \(permission denied\)$/),
  });
  chmodSync(site.at("ニュース/非公開.html"), 0o644);
  expect((await scan()).snapshot.files.size).toBe(3);
});

test("of very many, twenty are named and the rest counted", async () => {
  using site = scratchSite();
  for (let i = 0; i < 30; i++) mkdirSync(site.at(`d${i}`), { mode: 0 });
  const scan = asOrdinaryUser(site, () => site.open().scan(testCtx()));
  const message = await scan.then(
    () => "",
    (error: Error) => error.message,
  );
  expect(message.split("\n")).toHaveLength(1 + 20 + 1);
  expect(message).toMatch(/can't read 30 .*… and 10 more$/s);
});

test("a directory that lets itself be listed but not entered is unreadable, not empty", async () => {
  using site = scratchSite({ "d/a.html": "" });
  chmodSync(site.at("d"), 0o644);
  const scan = asOrdinaryUser(site, () => site.open().scan(testCtx()));
  await expect(scan).rejects.toMatchObject({ code: "source-unreadable", message: expect.stringContaining("d/a.html") });
  chmodSync(site.at("d"), 0o755);
});

test("a root that can't be read is told apart from one that does not exist", async () => {
  using site = scratchSite({ "a.html": "" });
  chmodSync(site.root, 0);
  const scan = asOrdinaryUser(site, () => site.open().scan(testCtx()));
  await expect(scan).rejects.toMatchObject({ code: "source-unreadable" });
  chmodSync(site.root, 0o755);
});

test("excluded means not read: what is unreadable there is no error", async () => {
  using site = scratchSite({ "index.html": "", "private/a.html": "", "news/a.html": "" });
  chmodSync(site.at("private"), 0);
  for (const settings of [
    { exclude: ["/private/**"] },
    { exclude: ["/private/*"] },
    { include: ["/news/", "/*.html"] },
  ]) {
    const result = await asOrdinaryUser(site, () => site.open(settings).scan(testCtx()));
    expect([...result.snapshot.files.keys()]).toEqual(["index.html", "news/a.html"]);
  }
});

test("a file that became unreadable after it was remembered is noticed", async () => {
  using site = scratchSite({ "a.html": "1" });
  const cache = memoryCache();
  const scan = () => asOrdinaryUser(site, () => site.open({ cache }).scan(testCtx({ clock: laterClock })));
  await scan();
  chmodSync(site.at("a.html"), 0);
  await expect(scan()).rejects.toMatchObject({ code: "source-unreadable" });
});
