import { mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempPath } from "../../../src/targets/files/own-names.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { openSite, scratchDir } from "./stage.ts";

const ctx = testCtx();
const content = bytes(100);
const refused = { kind: "conflict", code: "symlink-in-target" };

/** A document root, and beside it a directory with a secret that the link `site/外` leads to. */
async function stage() {
  const dir = await scratchDir();
  await mkdir(join(dir, "site"));
  await mkdir(join(dir, "site-outside"));
  await writeFile(join(dir, "site-outside/secret.txt"), "秘密");
  await symlink(join(dir, "site-outside"), join(dir, "site/外"));
  return { dir, root: join(dir, "site"), outside: join(dir, "site-outside"), target: await openSite(dir) };
}

describe("a symbolic link in a local document root", () => {
  it("that leads out is not written through, at any depth", async () => {
    const { outside, target } = await stage();
    for (const path of ["外/new.html", "外/deep/new.html", "外/secret.txt"]) {
      await expect(target.put(metaOf(path, content), bodyOf(content), ctx), path).rejects.toMatchObject(refused);
    }
    await expect(target.makeDirs(["外/made"], ctx)).rejects.toMatchObject(refused);
    expect(await readdir(outside)).toEqual(["secret.txt"]);
    expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe("秘密");
  });

  it("that leads out is not read, listed or deleted through", async () => {
    const { root, outside, target } = await stage();
    await symlink(join(outside, "secret.txt"), join(root, "leak.txt"));
    await expect(target.get(relPath("外/secret.txt"), ctx)).rejects.toMatchObject(refused);
    await expect(target.get(relPath("leak.txt"), ctx)).rejects.toMatchObject(refused);
    await expect(target.remove([relPath("外/secret.txt")], ctx)).rejects.toMatchObject(refused);
    expect(await Array.fromAsync(target.list("", ctx))).toEqual([]);
    expect(await readdir(outside)).toEqual(["secret.txt"]);
  });

  it("in a file's place is itself replaced or deleted, not what it leads to", async () => {
    const { root, outside, target } = await stage();
    for (const name of ["a.txt", "b.txt"]) await symlink(join(outside, "secret.txt"), join(root, name));
    await target.put(metaOf("a.txt", content), bodyOf(content), ctx);
    await target.remove([relPath("b.txt")], ctx);
    expect(await readFile(join(root, "a.txt"))).toEqual(Buffer.from(content));
    expect((await readdir(root)).sort()).toEqual(["a.txt", "外"]);
    expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe("秘密");
  });

  it("under the temporary name is not written through", async () => {
    const { root, outside, target } = await stage();
    await symlink(join(outside, "secret.txt"), join(root, tempPath("a.txt")));
    await target.put(metaOf("a.txt", content), bodyOf(content), ctx);
    expect(await readFile(join(root, "a.txt"))).toEqual(Buffer.from(content));
    expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe("秘密");
  });

  it("that stays inside works; a linked file is listed, a linked directory only once", async () => {
    const { root, target } = await stage();
    await target.put(metaOf("記事/1.html", content), bodyOf(content), ctx);
    await symlink("記事", join(root, "news"));
    await symlink("記事/1.html", join(root, "latest.html"));
    await symlink("..", join(root, "記事/up"));
    await target.put(metaOf("news/2.html", content), bodyOf(content), ctx);
    const listed = await Array.fromAsync(target.list("", ctx));
    expect(listed.map(({ path }) => path).sort()).toEqual(["latest.html", "記事/1.html", "記事/2.html"]);
    expect(await target.get(relPath("latest.html"), ctx)).toEqual(Buffer.from(content));
    expect(await readlink(join(root, "news"))).toBe("記事");
  });

  it("that leads nowhere or in a circle is an error where a directory is needed", async () => {
    const { root, target } = await stage();
    await symlink("nowhere", join(root, "broken"));
    await symlink("circle", join(root, "circle"));
    const put = (path: string) => target.put(metaOf(path, content), bodyOf(content), ctx);
    await expect(put("broken/a.html")).rejects.toMatchObject({ kind: "conflict", code: "not-a-directory" });
    await expect(put("circle/a.html")).rejects.toMatchObject(refused);
    expect(await Array.fromAsync(target.list("", ctx))).toEqual([]);
    expect((await readdir(root)).sort()).toEqual(["broken", "circle", "外"]);
  });
});
