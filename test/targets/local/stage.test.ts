import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { keepInside } from "../../../src/targets/local/inside.ts";
import { prepareSteps } from "../../../src/targets/local/prepare-steps.ts";
import { openStageFolder } from "../../../src/targets/local/stage-folder.ts";
import { deliverStaged, openStage, publicationOf, siteOf, stageChanges } from "../../contract/target/staged-site.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { openSite, scratchDir } from "./stage.ts";

const ctx = testCtx();
const EMPTY = siteOf({});

it("while nothing is published yet, the old files are not copied but linked", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  const [before, after] = [siteOf({ "お知らせ.html": "古い" }), siteOf({ "お知らせ.html": "新しい" })];
  await deliverStaged(target, EMPTY, before, ctx);
  await using stage = await openStage(target, ctx);
  await stageChanges(stage, before, after, ctx);
  await stage.prepare(publicationOf(before, after, target.caps), ctx);
  expect((await lstat(join(dir, "site/お知らせ.html"))).nlink).toBe(2);
});

it("others can't look into the stage", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  await using stage = await openStage(target, ctx);
  await stageChanges(stage, EMPTY, siteOf({ "秘密.html": "まだ" }), ctx);
  expect((await lstat(join(dir, ".smartsync/site/.stage"))).mode & 0o777).toBe(0o700);
});

it("where the state lies on another file system, the stage is below the document root, and goes again", async () => {
  const dir = await scratchDir();
  const elsewhere = await mkdtemp("/dev/shm/smartsync-state-");
  onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
  expect((await lstat(elsewhere)).dev).not.toBe((await lstat(dir)).dev);
  const target = await openSite(dir, { statePath: elsewhere });
  const [before, after] = [siteOf({ "a.html": "古い" }), siteOf({ "a.html": "新しい", "新/b.html": "b" })];
  await deliverStaged(target, EMPTY, before, ctx);
  {
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, before, after, ctx);
    await stage.prepare(publicationOf(before, after, target.caps), ctx);
    expect(await readdir(join(dir, "site/.smartsync"))).toContain(".stage");
    const listed = await Array.fromAsync(target.list("", ctx));
    expect(listed.map(({ path }) => path)).toEqual(["a.html"]);
    await stage.publish(ctx, () => {});
  }
  expect(await readFile(join(dir, "site/a.html"), "utf8")).toBe("新しい");
  expect(await readdir(join(dir, "site/.smartsync"))).not.toContain(".stage");
});

it("a link planted in the place of smartsync's own folder is not followed", async () => {
  const dir = await scratchDir();
  await mkdir(join(dir, "site"));
  await mkdir(join(dir, "outside/.stage"), { recursive: true });
  await writeFile(join(dir, "outside/.stage/大事.txt"), "大事");
  await symlink(join(dir, "outside"), join(dir, "site/.smartsync"));
  const target = await openSite(dir);
  await expect(openStage(target, ctx)).rejects.toMatchObject({ code: "symlink-in-target" });
  expect(await readFile(join(dir, "outside/.stage/大事.txt"), "utf8")).toBe("大事");
});

it("a symbolic link that is replaced comes back as the link it was", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  const [before, after] = [siteOf({ "1.html": "一" }), siteOf({ "1.html": "一", "latest.html": "新しい" })];
  await deliverStaged(target, EMPTY, before, ctx);
  await symlink("1.html", join(dir, "site/latest.html"));
  await using stage = await openStage(target, ctx);
  await stageChanges(stage, before, after, ctx);
  await stage.prepare(publicationOf(before, after, target.caps), ctx);
  await stage.publish(ctx, () => {});
  expect((await lstat(join(dir, "site/latest.html"))).isFile()).toBe(true);
  expect(await readFile(join(dir, "site/1.html"), "utf8")).toBe("一");
  await stage.revert(ctx);
  expect(await readlink(join(dir, "site/latest.html"))).toBe("1.html");
});

it("a directory or file that stays in the way is found before anything is published", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  const before = siteOf({ "index.html": "古い" });
  await deliverStaged(target, EMPTY, before, ctx);
  await mkdir(join(dir, "site/about"));
  await writeFile(join(dir, "site/news"), "ファイル");
  for (const [path, code] of [
    ["about", "is-a-directory"],
    ["news/1.html", "not-a-directory"],
    ["news/2026/11/1.html", "not-a-directory"],
  ] as const) {
    const after = siteOf({ "index.html": "新しい", [path]: "頁" });
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, before, after, ctx);
    const prepared = stage.prepare(publicationOf(before, after, target.caps), ctx);
    await expect(prepared, path).rejects.toMatchObject({ kind: "conflict", code });
    expect(await readFile(join(dir, "site/index.html"), "utf8")).toBe("古い");
  }
});

it("a directory of the site on a file system of its own is found before anything is published", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  const before = siteOf({ "写真/1.txt": "古い" });
  await deliverStaged(target, EMPTY, before, ctx);
  const inside = keepInside(join(dir, "site"));
  const folder = await openStageFolder(join(dir, "site"), join(dir, ".smartsync/site"), inside);
  const publication = publicationOf(before, EMPTY, target.caps);
  const input = { folder: { ...folder, device: folder.device + 1 }, inside, staged: new Map() };
  await expect(prepareSteps(publication, input, ctx)).rejects.toMatchObject({ code: "other-file-system" });
  await folder.remove();
});
