import { expect } from "vitest";
import { type Change, pathOf } from "../../../src/core/change.ts";
import { nameFault } from "../../../src/core/names.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { bodyOf, bytes, failingBody, metaOf } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { TargetTest, TargetTraits } from "../target-contract.ts";
import { NAMES } from "./name-cases.ts";
import {
  changedFiles,
  deliverStaged,
  expectedSite,
  openStage,
  outgoing,
  publicationOf,
  sendAll,
  siteOf,
  stageChanges,
  visibleSite,
} from "./staged-site.ts";

const EMPTY = siteOf({});

/** Laying a delivery beside what visitors see, and publishing it. */
export function stageCases(it: TargetTest, traits: TargetTraits): void {
  it("what is staged is not visible before it is published, prepared or not", async ({ target, look, ctx }) => {
    const before = siteOf({ "index.html": "古い", "old.css": "古い" });
    const after = siteOf({ "index.html": "新しい", "新着/1.html": "一" });
    await deliverStaged(target, EMPTY, before, ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, before, after, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(before, traits));
    await stage.prepare(publicationOf(before, after, target.caps), ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(before, traits));
    expect(await look.stat("新着")).toBeUndefined();
    const listed = await Array.fromAsync(target.list("", ctx));
    expect(listed.map(({ path }) => path).sort()).toEqual(["index.html", "old.css"]);
  });

  it("publishing makes exactly what was staged visible, as the source has it", async ({ target, look, ctx }) => {
    const before = siteOf({ "index.html": "古い", "css/site.css": "古い", "same.html": "同じ" });
    const after = siteOf({
      "index.html": outgoing("index.html", "新しい", { mtimeMs: Date.UTC(2025, 11, 31, 15, 0, 1) }),
      "css/site.css": bytes(70_001),
      "same.html": "同じ",
      "empty.txt": "",
      "動画/大.mp4": bytes(5_000_000),
      "cgi/form.cgi": outgoing("cgi/form.cgi", "#!/bin/sh\n", { mode: 0o755 }),
    });
    await deliverStaged(target, EMPTY, before, ctx);
    await deliverStaged(target, before, after, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(after, traits));
  });

  it("deleted files are gone, and what nobody named stays", async ({ target, look, ctx }) => {
    const before = siteOf({ "index.html": "頁", "古い/1.html": "一", "古い/2.html": "二", "a.css": "a" });
    const after = siteOf({ "index.html": "頁", "古い/2.html": "二" });
    await deliverStaged(target, EMPTY, before, ctx);
    await look.write("uploads/写真.jpg", bytes(100));
    await deliverStaged(target, before, after, ctx);
    expect(await look.listAll()).toEqual([...after.keys(), "uploads/写真.jpg"].sort());
    expectContent(await look.read("uploads/写真.jpg"), bytes(100));
  });

  it("a file that somebody else laid in the place of a new one is replaced", async ({ target, look, ctx }) => {
    const before = siteOf({ "index.html": "頁" });
    const after = siteOf({ "index.html": "頁", "about/会社.html": "配信したページ" });
    await deliverStaged(target, EMPTY, before, ctx);
    await look.write("about/会社.html", Buffer.from("手作業で置いたページ"));
    await deliverStaged(target, before, after, ctx);
    expect(await visibleSite(look, { ...traits, mtimes: false, modes: false })).toEqual(
      await expectedSite(after, { ...traits, mtimes: false, modes: false }),
    );
  });

  it("each change is told once, phase by phase: assets, pages, deletions, replacements", async ({ target, ctx }) => {
    const numbered = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => [
        [`assets/${from + i}.css`, `${from + i}`],
        [`pages/${from + i}.html`, `${from + i}`],
      ]).flat();
    const before = siteOf({ ...Object.fromEntries(numbered(0, 20)), about: "ファイルだった" });
    const after = siteOf({ ...Object.fromEntries(numbered(10, 30)), "about/index.html": "フォルダになった" });
    await deliverStaged(target, EMPTY, before, ctx);
    const publication = publicationOf(before, after, target.caps);
    const phaseOf = new Map(publication.phases.flatMap(({ changes }, at) => changes.map((change) => [change, at])));
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, before, after, ctx);
    await stage.prepare(publication, ctx);
    const told: Change[] = [];
    await stage.publish(ctx, (change) => told.push(change));
    const replacements = traits.directories ? ["replacements"] : [];
    expect(publication.phases.map(({ name }) => name)).toEqual(["assets", "pages", "deletions", ...replacements]);
    expect(told.map(pathOf).sort()).toEqual([...phaseOf.keys()].map(pathOf).sort());
    const phases = told.map((change) => phaseOf.get(change) ?? -1);
    expect(phases).toEqual([...phases].sort());
  });

  it("new directories are made; emptied ones go, unless they hold something else", async ({ target, look, ctx }) => {
    const before = siteOf({ "old/深い/a.html": "a", "old/b.html": "b", "mixed/c.html": "c" });
    const after = siteOf({ [`${Array.from({ length: 12 }, (_, i) => `階層${i}`).join("/")}/d.html`]: "d" });
    await deliverStaged(target, EMPTY, before, ctx);
    await look.write("mixed/.htaccess", bytes(10));
    await deliverStaged(target, before, after, ctx);
    expect(await look.listAll()).toEqual(["mixed/.htaccess", ...after.keys()].sort());
    expect(await look.stat("old")).toBeUndefined();
    if (traits.directories) expect(await look.stat("mixed")).toMatchObject({ isDirectory: true });
  });

  it("a file takes the place of a directory, and the other way round", async ({ target, look, ctx }) => {
    const one = siteOf({ "about/index.html": "1", "about/深い/x.css": "x", news: "ファイル", "index.html": "頁" });
    const other = siteOf({ about: "ファイル", "news/2026/1.html": "1", "index.html": "頁" });
    await deliverStaged(target, EMPTY, one, ctx);
    await deliverStaged(target, one, other, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(other, traits));
    await deliverStaged(target, other, one, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(one, traits));
  });

  it("a second put of the same file replaces what is staged, longer or shorter", async ({ target, look, ctx }) => {
    const versions = [40_000, 90_000, 10, 0, 500].map((length) => outgoing("news.html", bytes(length, length + 1)));
    const after = siteOf(Object.fromEntries(versions.map((version) => ["news.html", version])));
    await using stage = await openStage(target, ctx);
    for (const version of versions) expect(await sendAll(stage, [version], ctx)).toMatchObject({ done: ["news.html"] });
    await stage.put(metaOf("news.html", bytes(70, 1)), bodyOf(bytes(70, 1)), ctx);
    await stageChanges(stage, EMPTY, after, ctx);
    await stage.prepare(publicationOf(EMPTY, after, target.caps), ctx);
    await stage.publish(ctx, () => {});
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(after, traits));
  });

  it("a body that fails stages nothing, its own error is thrown, and it can be put anew", async ({
    target,
    look,
    ctx,
  }) => {
    const turnedBad = new Error("the content is not what the plan says");
    const content = bytes(300_000);
    const after = siteOf({ "page.html": content });
    const publication = publicationOf(EMPTY, after, target.caps);
    await using stage = await openStage(target, ctx);
    for (const sent of [0, 100_000, 300_000]) {
      const body = failingBody(content.subarray(0, sent), turnedBad);
      await expect(stage.put(metaOf("page.html", content), body, ctx)).rejects.toBe(turnedBad);
      await expect(stage.prepare(publication, ctx)).rejects.toBeInstanceOf(SmartsyncError);
    }
    await stageChanges(stage, EMPTY, after, ctx);
    await stage.prepare(publication, ctx);
    await stage.publish(ctx, () => {});
    expect(await look.listAll()).toEqual(["page.html"]);
    expectContent(await look.read("page.html"), content);
  });

  it("of many files sent at once, only those whose bodies fail are left out", async ({ target, look, ctx }) => {
    const turnedBad = new Error("the content is not what the plan says");
    const paths = Array.from({ length: 24 }, (_, i) => `mixed/${i}.html`);
    const bad = paths.filter((_, i) => i % 3 === 0);
    const content = (path: string) => bytes(80_000, path.length);
    const files = paths.map((path) => {
      const file = outgoing(path, content(path));
      return bad.includes(path) ? { ...file, body: failingBody(content(path), turnedBad) } : file;
    });
    await using stage = await openStage(target, ctx);
    const { done, failed } = await sendAll(stage, files, ctx);
    expect([...failed.keys()].sort()).toEqual([...bad].sort());
    for (const error of failed.values()) expect(error).toBe(turnedBad);
    expect(done.sort()).toEqual(paths.filter((path) => !bad.includes(path)).sort());

    const after = siteOf(Object.fromEntries(done.map((path) => [path, content(path)])));
    await stage.prepare(publicationOf(EMPTY, after, target.caps), ctx);
    await stage.publish(ctx, () => {});
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(after, traits));
  });

  it("a publication can't be prepared while one of its files was never staged", async ({ target, look, ctx }) => {
    const before = siteOf({ "index.html": "古い", "gone.css": "消える" });
    const after = siteOf({ "index.html": "新しい", "忘れもの.html": "一" });
    await deliverStaged(target, EMPTY, before, ctx);
    const [index, forgotten] = changedFiles(before, after);
    if (index === undefined || forgotten === undefined) throw new Error("two files change");
    const publication = publicationOf(before, after, target.caps);
    await using stage = await openStage(target, ctx);
    await sendAll(stage, [index], ctx);
    const error = await stage.prepare(publication, ctx).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SmartsyncError);
    expect(error.message).toContain("忘れもの.html");
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(before, traits));
    await sendAll(stage, [forgotten], ctx);
    await stage.prepare(publication, ctx);
    await stage.publish(ctx, () => {});
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(after, traits));
  });

  it("every sort of name is staged, published, replaced and deleted under its own name", async ({
    target,
    look,
    ctx,
  }) => {
    const paths = Object.values(NAMES)
      .flat()
      .filter((path) => nameFault(path, target.caps.names) === undefined);
    const first = siteOf(Object.fromEntries(paths.map((path) => [path, `これは ${path}`])));
    const second = siteOf(Object.fromEntries(paths.map((path) => [path, `これも ${path}`])));
    await deliverStaged(target, EMPTY, first, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(first, traits));
    await deliverStaged(target, first, second, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(second, traits));
    await deliverStaged(target, second, EMPTY, ctx);
    expect(await look.listAll()).toEqual([]);
  });

  it("a name the target can't hold is refused when it is staged", async ({ target, ctx }) => {
    await using stage = await openStage(target, ctx);
    const content = bytes(10);
    for (const name of ["改行\nの.html", "復帰\rの.html", `${"長".repeat(400)}.html`]) {
      expect(nameFault(name, target.caps.names)).toBeDefined();
      await expect(stage.put(metaOf(name, content), bodyOf(content), ctx), name).rejects.toMatchObject({
        kind: "config",
      });
    }
  });

  it("a publication of nothing changes nothing", async ({ target, look, ctx }) => {
    const site = siteOf({ "index.html": "頁" });
    await deliverStaged(target, EMPTY, site, ctx);
    await deliverStaged(target, site, site, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(site, traits));
  });
}
