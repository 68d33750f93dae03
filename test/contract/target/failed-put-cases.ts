import { expect } from "vitest";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { bodyOf, bytes, failingBody, metaOf, relPath, slowBody } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { Look, TargetTest, TargetTraits } from "../target-contract.ts";

/** Puts that do not come to an end, and what they leave. */
export function failedPutCases(it: TargetTest, traits: TargetTraits): void {
  const turnedBad = new Error("the content is not what the plan says");

  for (const [when, sent] of [
    ["before its first byte", 0],
    ["half-way", 300_000],
    ["after its last byte", 600_000],
  ] as const) {
    it(`a body that fails ${when} leaves the old file, and its own error is thrown`, async ({ target, look, ctx }) => {
      const [before, after] = [bytes(1_000, 1), bytes(600_000, 2)];
      await target.put(metaOf("page.html", before), bodyOf(before), ctx);
      const put = target.put(metaOf("page.html", after), failingBody(after.subarray(0, sent), turnedBad), ctx);
      await expect(put).rejects.toBe(turnedBad);
      expectContent(await look.read("page.html"), before);
      await target.sweep([relPath("page.html")], ctx);
      expect(await look.listAll()).toEqual(["page.html"]);
    });
  }

  it("a body that fails leaves no file where there was none", async ({ target, look, ctx }) => {
    const content = bytes(100_000);
    const put = target.put(metaOf("新着/page.html", content), failingBody(content, turnedBad), ctx);
    await expect(put).rejects.toBe(turnedBad);
    await target.sweep([relPath("新着/page.html")], ctx);
    expect(await look.listAll()).toEqual([]);
  });

  it("after a failed put the same file can be put, with a fresh body", async ({ target, look, ctx }) => {
    const content = bytes(200_000);
    let bodies = 0;
    const body = () => (bodies++ === 0 ? failingBody(content.subarray(0, 70_000), turnedBad) : bodyOf(content))();
    await expect(target.put(metaOf("page.html", content), body, ctx)).rejects.toBe(turnedBad);
    await target.put(metaOf("page.html", content), body, ctx);
    expect(bodies).toBeGreaterThan(1);
    expectContent(await look.read("page.html"), content);
  });

  it("failing bodies among many puts at once spoil only their own files", async ({ target, look, ctx }) => {
    const content = bytes(80_000);
    const puts = Array.from({ length: 24 }, (_, i) =>
      target.put(
        metaOf(`mixed/${i}.html`, content),
        i % 3 === 0 ? failingBody(content, turnedBad) : bodyOf(content),
        ctx,
      ),
    );
    const results = await Promise.allSettled(puts);
    expect(results.map(({ status }) => status)).toEqual(
      results.map((_, i) => (i % 3 === 0 ? "rejected" : "fulfilled")),
    );
    await target.sweep(
      results.map((_, i) => relPath(`mixed/${i}.html`)),
      ctx,
    );
    expect(await look.listAll()).toEqual(results.flatMap((_, i) => (i % 3 === 0 ? [] : [`mixed/${i}.html`])).sort());
    for (const path of await look.listAll()) expectContent(await look.read(path), content);
  });

  if (traits.directories) {
    it("a file where a directory is needed is an error that leaves the file alone", async ({ target, look, ctx }) => {
      const inTheWay = Buffer.from("ここはファイル");
      await look.write("news", inTheWay);
      const content = bytes(100);
      const error = await target.put(metaOf("news/1.html", content), bodyOf(content), ctx).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(SmartsyncError);
      expect(["conflict", "config", "not-found"]).toContain(error.kind);
      expect(error.message).toContain("news");
      expectContent(await look.read("news"), inTheWay);
    });

    it("a directory where a file is to go is an error that leaves the directory alone", async ({
      target,
      look,
      ctx,
    }) => {
      await look.write("about/index.html", Buffer.from("会社概要"));
      const content = bytes(100);
      const error = await target.put(metaOf("about", content), bodyOf(content), ctx).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(SmartsyncError);
      expect(["conflict", "config", "not-found"]).toContain(error.kind);
      expect(error.message).toContain("about");
      await target.sweep([relPath("about")], ctx);
      expect(await look.listAll()).toEqual(["about/index.html"]);
    });
  } else {
    it("a file and what would lie below it are side by side, and each is deleted alone", async ({
      target,
      look,
      ctx,
    }) => {
      const paths = ["news/1.html/x", "news/1.html", "news"];
      for (const path of paths) {
        const content = Buffer.from(path);
        await target.put(metaOf(path, content), bodyOf(content), ctx);
      }
      for (const path of paths) expectContent(await look.read(path), Buffer.from(path), path);
      await target.remove([relPath("news/1.html")], ctx);
      expect(await look.listAll()).toEqual(["news", "news/1.html/x"]);
    });
  }

  if (traits.temporaryFiles) {
    it("sweep removes what an interrupted put left behind, and only that", async ({ target, server, look, ctx }) => {
      const content = bytes(600_000);
      const paths = ["深い/場所/page.html", "top.html"].map(relPath);
      await look.write("深い/場所/other.html", content);
      const leftovers = [];
      for (const path of paths) {
        leftovers.push(await tempOf(look, () => target.put(metaOf(path, content), slowBody(content, 600), ctx)));
      }
      await target.remove(paths, ctx);
      for (const leftover of leftovers) await look.write(leftover, bytes(1_000));

      await using next = await server.open();
      expect((await Array.fromAsync(next.list("", ctx))).map(({ path }) => path)).toEqual(["深い/場所/other.html"]);
      await next.sweep([...paths, relPath("never/was/here.html")], ctx);
      expect(await look.listAll()).toEqual(["深い/場所/other.html"]);
    });

    it("a leftover of an interrupted put does not hinder the next one", async ({ target, look, ctx }) => {
      const content = bytes(600_000);
      const put = () => target.put(metaOf("page.html", content), slowBody(content, 600), ctx);
      const leftover = await tempOf(look, put);
      await look.write(leftover, bytes(900_000, 7));
      const short = bytes(10, 3);
      await target.put(metaOf("page.html", short), bodyOf(short), ctx);
      expectContent(await look.read("page.html"), short);
      expect(await look.listAll()).toEqual(["page.html"]);
    });
  }
}

/** The file that is there only while the put goes on. */
async function tempOf(look: Look, put: () => Promise<unknown>): Promise<string> {
  const before = await look.listAll();
  const during = new Set<string>();
  let putting = true;
  const watching = (async () => {
    while (putting) for (const path of await look.listAll()) during.add(path);
  })();
  try {
    await put();
  } finally {
    putting = false;
    await watching;
  }
  const after = await look.listAll();
  const temporary = [...during].filter((path) => !before.includes(path) && !after.includes(path));
  expect(temporary).toHaveLength(1);
  return temporary[0] ?? "";
}
