import { expect } from "vitest";
import { bodyOf, bytes, metaOf, relPath, stalledBody } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { expectContent } from "../expect-content.ts";
import type { TargetTest } from "../target-contract.ts";

/** Stopping, and closing. */
export function abortCases(it: TargetTest): void {
  it("a put that is aborted half-way ends soon and leaves the old file", async ({ target, look, ctx }) => {
    const [before, after] = [bytes(1_000, 1), bytes(500_000, 2)];
    await target.put(metaOf("page.html", before), bodyOf(before), ctx);
    const stop = new AbortController();
    const put = target.put(metaOf("page.html", after), stalledBody(after), testCtx({ signal: stop.signal }));
    const failed = expect(put).rejects.toMatchObject({ kind: "aborted" });
    setTimeout(() => stop.abort(), 300);
    const started = performance.now();
    await failed;
    expect(performance.now() - started).toBeLessThan(3_300);
    expectContent(await look.read("page.html"), before);
  });

  it("after an aborted put the target still works, and sweeping leaves nothing behind", async ({
    target,
    look,
    ctx,
  }) => {
    const content = bytes(100_000);
    const stop = new AbortController();
    const aborted = testCtx({ signal: stop.signal });
    const paths = ["a/1.html", "a/2.html", "b/3.html"].map(relPath);
    const puts = paths.map((path) => target.put(metaOf(path, content), stalledBody(content), aborted));
    const failed = Promise.all(puts.map((put) => expect(put).rejects.toMatchObject({ kind: "aborted" })));
    setTimeout(() => stop.abort(), 200);
    await failed;
    await target.put(metaOf("a/2.html", content), bodyOf(content), ctx);
    await target.sweep(paths, ctx);
    expect(await look.listAll()).toEqual(["a/2.html"]);
    expectContent(await look.read("a/2.html"), content);
  });

  it("when it was stopped before, nothing is done any more", async ({ target, look }) => {
    await look.write("here.html", bytes(10));
    const ctx = testCtx({ signal: AbortSignal.abort() });
    const content = bytes(10);
    const path = relPath("here.html");
    const calls: Record<string, () => Promise<unknown>> = {
      put: () => target.put(metaOf("new.html", content), bodyOf(content), ctx),
      get: () => target.get(path, ctx),
      list: () => Array.fromAsync(target.list("", ctx)),
      makeDirs: () => target.makeDirs(["dir"], ctx),
      remove: () => target.remove([path], ctx),
      "state.read": () => target.state.read("manifest.json", ctx),
      "state.write": () => target.state.write("manifest.json", content, ctx),
      "state.takeLock": () => target.state.takeLock(content, ctx),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expect(call(), name).rejects.toMatchObject({ kind: "aborted" });
    }
    expect(await look.listAll()).toEqual(["here.html"]);
  });

  it("a target can be closed twice", async ({ server, target, ctx }) => {
    const other = await server.open();
    const content = bytes(10);
    await other.put(metaOf("x.html", content), bodyOf(content), ctx);
    await other[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    expect(await target.get(relPath("x.html"), ctx)).toHaveLength(10);
  });
}
