import { expect } from "vitest";
import type { Ctx } from "../../../src/core/context.ts";
import type { Target } from "../../../src/targets/target.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { TargetTest } from "../target-contract.ts";

/** Lists, and gets of what is not there. */
export function listCases(it: TargetTest): void {
  it("a root that does not exist yet is an empty list, and looking makes nothing", async ({ target, look, ctx }) => {
    expect(await listed(target, "", ctx)).toEqual([]);
    expect(await listed(target, "some/where", ctx)).toEqual([]);
    expect(await look.listAll()).toEqual([]);
  });

  it("an emptied root is an empty list", async ({ target, ctx }) => {
    const content = bytes(10);
    await target.put(metaOf("x.html", content), bodyOf(content), ctx);
    await target.remove([relPath("x.html")], ctx);
    expect(await listed(target, "", ctx)).toEqual([]);
  });

  it("a list has every file with its size, whoever laid it there", async ({ target, look, ctx }) => {
    const sizes: Record<string, number> = {
      "index.html": 5_000,
      "空.txt": 0,
      ".htaccess": 12,
      "ニュース/2026/1月/index.html": 70_000,
      "ニュース/index.html": 1,
      "assets/a/b/c/d/e.css": 1_234_567,
    };
    for (const [path, size] of Object.entries(sizes)) await look.write(path, bytes(size));
    expect(await listed(target, "", ctx)).toEqual(Object.entries(sizes).sort());
  });

  it("a list of 600 files in 60 directories is complete", async ({ target, look, ctx }) => {
    const paths = Array.from({ length: 600 }, (_, i) => `一覧/${i % 60}/${i}.html`).sort();
    for (const path of paths) await look.write(path, Buffer.from(path));
    expect((await listed(target, "", ctx)).map(([path]) => path)).toEqual(paths);
  });

  it("a list of a folder has what is below it and nothing that only begins alike", async ({ target, look, ctx }) => {
    const inside = ["docs/a.html", "docs/deep/b.html", "docs/docs/c.html"];
    for (const path of [...inside, "docs.html", "docs-old/a.html", "other/docs/a.html"])
      await look.write(path, bytes(3));
    expect((await listed(target, "docs", ctx)).map(([path]) => path)).toEqual(inside);
    expect((await listed(target, "docs/deep", ctx)).map(([path]) => path)).toEqual(["docs/deep/b.html"]);
    expect(await listed(target, "absent", ctx)).toEqual([]);
    expect(await listed(target, "absent/deep", ctx)).toEqual([]);
  });

  it("smartsync's own files are not in the list; names that only resemble them are", async ({ target, look, ctx }) => {
    for (const own of [".smartsync/manifest.json", ".smartsync-0123456789ab.tmp", "深い/.smartsync-ffffffffffff.tmp"]) {
      await look.write(own, bytes(5));
    }
    await target.state.write("manifest.json", bytes(100), ctx);
    await target.state.takeLock(bytes(5), ctx);
    const others = [".smartsync-notes.txt", "a/.smartsync-0123456789ab.tmp.html", "smartsync.html", "深い/x.tmp"];
    for (const path of others) await look.write(path, bytes(5));
    expect((await listed(target, "", ctx)).map(([path]) => path)).toEqual(others.sort());
  });

  it("a missing file is not found, for certain", async ({ target, look, ctx }) => {
    await look.write("here/index.html", bytes(10));
    for (const path of [
      "nowhere.html",
      "here/nowhere.html",
      "no/such/folder/x.html",
      "here/index.html/x",
      "ない.html",
    ]) {
      await expect(target.get(relPath(path), ctx), path).rejects.toMatchObject({ kind: "not-found" });
    }
    expect(await target.get(relPath("here/index.html"), ctx)).toHaveLength(10);
  });

  it("20 gets at once each give their own file", async ({ target, look, ctx }) => {
    const contents = Array.from({ length: 20 }, (_, i) => bytes(30_000 + i, i));
    for (const [i, content] of contents.entries()) await look.write(`g/${i}.bin`, content);
    const got = await Promise.all(contents.map((_, i) => target.get(relPath(`g/${i}.bin`), ctx)));
    for (const [i, content] of contents.entries()) expectContent(got[i], content);
  });
}

async function listed(target: Target, prefix: string, ctx: Ctx): Promise<[path: string, size: number][]> {
  const entries: [string, number][] = [];
  for await (const { path, size } of target.list(prefix, ctx)) entries.push([path, size]);
  return entries.sort();
}
