import { expect } from "vitest";
import { bodyOf, bytes, metaOf, relPath, slowBody } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { Look, TargetTest, TargetTraits } from "../target-contract.ts";

/** Puts and gets of whole files. */
export function putCases(it: TargetTest, traits: TargetTraits): void {
  it("a put file is there with exactly its bytes", async ({ target, look, ctx }) => {
    const content = bytes(70_001);
    await target.put(metaOf("index.html", content), bodyOf(content), ctx);
    expectContent(await look.read("index.html"), content);
    expectContent(await target.get(relPath("index.html"), ctx), content);
    expect(await look.listAll()).toEqual(["index.html"]);
  });

  it("text keeps its line ends and its byte order mark", async ({ target, look, ctx }) => {
    const content = Buffer.from("\uFEFF一行目\r\n二行目\n三行目\r最後");
    await target.put(metaOf("改行.txt", content), bodyOf(content), ctx);
    expectContent(await look.read("改行.txt"), content);
  });

  it("an empty file can be put", async ({ target, look, ctx }) => {
    const content = new Uint8Array();
    await target.put(metaOf("empty.txt", content), bodyOf(content), ctx);
    expectContent(await look.read("empty.txt"), content);
    expect(await target.get(relPath("empty.txt"), ctx)).toHaveLength(0);
  });

  it("a file of 5 MB arrives whole", async ({ target, look, ctx }) => {
    const content = bytes(5_000_000);
    await target.put(metaOf("動画/大.mp4", content), bodyOf(content), ctx);
    expectContent(await look.read("動画/大.mp4"), content);
    expectContent(await target.get(relPath("動画/大.mp4"), ctx), content);
  });

  it("a put replaces an existing file, longer or shorter", async ({ target, look, ctx }) => {
    for (const length of [40_000, 90_000, 10, 0, 500]) {
      const content = bytes(length, length + 1);
      await target.put(metaOf("news/index.html", content), bodyOf(content), ctx);
      expectContent(await look.read("news/index.html"), content);
    }
    expect(await look.listAll()).toEqual(["news/index.html"]);
  });

  it("a put replaces a file that somebody else laid there", async ({ target, look, ctx }) => {
    await look.write("old/page.html", Buffer.from("手作業で置いたページ"));
    const content = bytes(300);
    await target.put(metaOf("old/page.html", content), bodyOf(content), ctx);
    expectContent(await look.read("old/page.html"), content);
  });

  it("a put makes the directories it needs", async ({ target, look, ctx }) => {
    const deep = Array.from({ length: 25 }, (_, i) => `階層${i}`).join("/");
    const content = bytes(100);
    await target.put(metaOf(`${deep}/index.html`, content), bodyOf(content), ctx);
    expectContent(await look.read(`${deep}/index.html`), content);
  });

  it("50 puts at once into directories that do not exist yet all arrive", async ({ target, look, ctx }) => {
    const files = Array.from({ length: 50 }, (_, i) => ({
      path: `a/${i % 7}/b/${i}.html`,
      content: bytes(1_000 + i, i),
    }));
    await Promise.all(files.map(({ path, content }) => target.put(metaOf(path, content), bodyOf(content), ctx)));
    for (const { path, content } of files) expectContent(await look.read(path), content);
    expect(await look.listAll()).toEqual(files.map(({ path }) => path).sort());
  });

  it("directories can be made twice, and at once, where there are any", async ({ target, look, ctx }) => {
    const dirs = ["a", "a/b", "a/b/c", "日本語/記事", "x/y/z", "x/y"];
    await Promise.all([target.makeDirs(dirs, ctx), target.makeDirs(dirs, ctx)]);
    await target.makeDirs(dirs, ctx);
    for (const dir of dirs) expect((await look.stat(dir))?.isDirectory ?? false).toBe(traits.directories);
    const content = bytes(10);
    await target.put(metaOf("日本語/記事/1.html", content), bodyOf(content), ctx);
    expect(await look.listAll()).toEqual(["日本語/記事/1.html"]);
  });

  it("a file put a second time through another target is the newer one", async ({ target, server, look, ctx }) => {
    await using other = await server.open();
    const [before, after] = [bytes(2_000, 1), bytes(2_500, 2)];
    await target.put(metaOf("page.html", before), bodyOf(before), ctx);
    await other.put(metaOf("page.html", after), bodyOf(after), ctx);
    expectContent(await look.read("page.html"), after);
  });

  it("a new file is never seen before it is whole", async ({ target, look, ctx }) => {
    const content = bytes(600_000);
    const put = () => target.put(metaOf("page.html", content), slowBody(content, 400), ctx);
    const seen = await watch(look, "page.html", [content], put);
    expect(seen.torn).toBe(0);
    expect(seen.missing).toBeGreaterThan(2);
    expectContent(await look.read("page.html"), content);
  });

  if (traits.atomicReplace) {
    it("somebody reading while a file is replaced sees the old or the new one, whole", async ({
      target,
      look,
      ctx,
    }) => {
      const versions = Array.from({ length: 6 }, (_, i) => bytes(400_000 + 50_000 * (i % 3), i));
      const put = (content: Uint8Array) => target.put(metaOf("news.html", content), slowBody(content, 100), ctx);
      await put(versions[0] ?? bytes(0));
      const seen = await watch(look, "news.html", versions, async () => {
        for (const content of versions) await put(content);
      });
      expect(seen).toMatchObject({ torn: 0, missing: 0 });
      expect(seen.whole).toBeGreaterThan(50);
    });
  }

  if (traits.mtimes) {
    it("a put file has the time the source says, new or replaced", async ({ target, look, ctx }) => {
      for (const mtimeMs of [Date.UTC(2025, 11, 31, 15, 0, 1), Date.UTC(2001, 1, 28, 23, 59, 58)]) {
        const content = bytes(50);
        await target.put(metaOf("お知らせ.html", content, { mtimeMs }), bodyOf(content), ctx);
        expect(Math.floor(((await look.stat("お知らせ.html"))?.mtimeMs ?? 0) / 1000)).toBe(mtimeMs / 1000);
      }
    });
  }

  if (traits.modes) {
    it("a put file has the permissions the source says, new or replaced", async ({ target, look, ctx }) => {
      for (const mode of [0o755, 0o640, 0o664, 0o644]) {
        const content = bytes(50);
        await target.put(metaOf("cgi/form.cgi", content, { mode }), bodyOf(content), ctx);
        expect((await look.stat("cgi/form.cgi"))?.mode).toBe(mode);
      }
    });
  }
}

/** Reads the path without pause while the work goes on, and counts what it was: a known version, nothing, or neither. */
async function watch(look: Look, path: string, versions: Uint8Array[], work: () => Promise<unknown>) {
  const seen = { whole: 0, missing: 0, torn: 0 };
  let working = true;
  const watching = (async () => {
    while (working) {
      const read = await look.read(path);
      if (read === undefined) seen.missing++;
      else if (versions.some((version) => Buffer.compare(version, read) === 0)) seen.whole++;
      else seen.torn++;
    }
  })();
  try {
    await work();
  } finally {
    working = false;
    await watching;
  }
  return seen;
}
