import { expect } from "vitest";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import type { TargetTest, TargetTraits } from "../target-contract.ts";

/** Deleting files and directories. */
export function removeCases(it: TargetTest, traits: TargetTraits): void {
  it("removed files are gone, absent ones are fine, and each is reported once", async ({ target, look, ctx }) => {
    for (const path of ["a.html", "b/お知らせ.html", "b/keep.html"]) await look.write(path, bytes(10));
    const paths = ["a.html", "b/お知らせ.html", "never.html", "no/such/folder/x.html"].map(relPath);
    const done: string[] = [];
    await target.remove(paths, ctx, (path) => done.push(path));
    expect(await look.listAll()).toEqual(["b/keep.html"]);
    expect(done.sort()).toEqual([...paths].sort());
  });

  it("removing a file whose folder is a file is fine: there is no such file", async ({ target, look, ctx }) => {
    await look.write("news", bytes(10));
    await target.remove([relPath("news/1.html")], ctx);
    expect(await look.listAll()).toEqual(["news"]);
  });

  it("300 files in 30 directories are removed in one call", async ({ target, look, ctx }) => {
    const paths = Array.from({ length: 300 }, (_, i) => relPath(`記事/${i % 30}/${i}.html`));
    for (const path of paths) await look.write(path, bytes(5));
    await look.write("記事/0/stays.html", bytes(5));
    let done = 0;
    await target.remove(paths, ctx, () => done++);
    expect(done).toBe(300);
    expect(await look.listAll()).toEqual(["記事/0/stays.html"]);
  });

  it("removing nothing does nothing", async ({ target, look, ctx }) => {
    await look.write("a.html", bytes(5));
    await target.remove([], ctx);
    await target.removeDirs([], ctx);
    await target.makeDirs([], ctx);
    await target.sweep([], ctx);
    expect(await look.listAll()).toEqual(["a.html"]);
  });

  if (traits.directories) {
    it("empty directories are removed, others stay, absent ones are fine", async ({ target, look, ctx }) => {
      await target.makeDirs(["空/中/奥", "mixed/empty", "dots"], ctx);
      await look.write("mixed/page.html", bytes(5));
      await look.write("dots/.htaccess", bytes(5));
      await target.removeDirs(["空/中/奥", "mixed/empty", "空/中", "空", "mixed", "dots", "no/such", "gone"], ctx);
      expect(await look.stat("空")).toBeUndefined();
      expect(await look.stat("mixed/empty")).toBeUndefined();
      expect(await look.listAll()).toEqual(["dots/.htaccess", "mixed/page.html"]);
    });
  }

  it("a directory that was removed is made again by the next put", async ({ target, look, ctx }) => {
    const content = bytes(20);
    for (let round = 0; round < 2; round++) {
      await target.put(metaOf("x/y/page.html", content), bodyOf(content), ctx);
      await target.remove([relPath("x/y/page.html")], ctx);
      await target.removeDirs(["x/y", "x"], ctx);
      expect(await look.stat("x")).toBeUndefined();
    }
    await target.put(metaOf("x/y/page.html", content), bodyOf(content), ctx);
    expect(await look.listAll()).toEqual(["x/y/page.html"]);
  });

  it("a file can take the place of a removed directory, and the other way round", async ({ target, look, ctx }) => {
    const content = bytes(20);
    await target.put(metaOf("about/index.html", content), bodyOf(content), ctx);
    await target.remove([relPath("about/index.html")], ctx);
    await target.removeDirs(["about"], ctx);
    await target.put(metaOf("about", content), bodyOf(content), ctx);
    expect(await look.listAll()).toEqual(["about"]);
    await target.remove([relPath("about")], ctx);
    await target.put(metaOf("about/index.html", content), bodyOf(content), ctx);
    expect(await look.listAll()).toEqual(["about/index.html"]);
  });
}
