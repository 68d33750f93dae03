import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/core/context.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { withRetry } from "../../../src/targets/with/retry.ts";
import { type Call, type Fault, layFaults } from "../../doubles/faulty-target.ts";
import { createMemoryServer } from "../../doubles/memory-target.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const dropped = new SmartsyncError("接続が切れました", { kind: "transient", code: "connection-lost" });
const denied = new SmartsyncError("permission denied", { kind: "config", code: "permission-denied" });
const content = bytes(1_000);

/** A clock on which every sleep is over at once, and which remembers how long they were to be. */
function instantClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return { slept, now: () => 0, sleep: async (ms) => void slept.push(ms) };
}

function fail(call: Call, times: number, { when = "before", error = dropped }: Partial<Fault> = {}): Fault[] {
  return Array.from({ length: times }, (_, i) => ({ call, nth: i + 1, when, error }));
}

function stage(...faults: Fault[]) {
  const server = createMemoryServer();
  const laid = layFaults(faults);
  const target = withRetry(laid.on(server.open()), "web1", { attempts: 4, firstWaitMs: 1_000 });
  const clock = instantClock();
  return { server, target, laid, clock, ctx: testCtx({ clock }) };
}

describe("withRetry", () => {
  it("tries a call again after a transient failure, with a fresh body, and says so", async () => {
    const { server, target, ctx } = stage(...fail("put", 2, { when: "after" }));
    let bodies = 0;
    const body = () => {
      bodies++;
      return bodyOf(content)();
    };
    await target.put(metaOf("お知らせ.html", content), body, ctx);
    expect(bodies).toBe(2 + 1);
    expect(server.files.get("お知らせ.html")?.content).toEqual(Buffer.from(content));
    expect(ctx.events).toMatchObject([
      { type: "retry", target: "web1", doing: "put お知らせ.html", attempt: 1, reason: "接続が切れました" },
      { type: "retry", target: "web1", doing: "put お知らせ.html", attempt: 2, reason: "接続が切れました" },
    ]);
  });

  it("lists, describes and changes the headers of a bucket again", async () => {
    const server = createMemoryServer();
    const calls: Call[] = ["survey", "describe", "serveAs"];
    const laid = layFaults(calls.map((call) => ({ call, nth: 1, when: "before", error: dropped })));
    const target = withRetry(laid.on(server.openBucket("gcs")), "bucket", { attempts: 2, firstWaitMs: 1 });
    const ctx = testCtx({ clock: instantClock() });
    const file = metaOf("お知らせ.html", content, {
      serving: { contentType: "text/html", hash: "plain-0123456789abcdef" },
    });
    const { etag = "" } = await target.put(file, bodyOf(content), ctx);
    expect((await target.survey?.([], ctx))?.size).toBe(1);
    expect(await target.describe?.(file.path, ctx)).toMatchObject({ etag });
    expect((await target.serveAs?.(file, etag, ctx))?.etag).not.toBe(etag);
    expect(laid.fired.size).toBe(3);
  });

  it("waits longer each time, on the given clock", async () => {
    const { target, clock, ctx } = stage(...fail("state.read", 3));
    await target.state.read("manifest.json", ctx);
    expect(clock.slept).toHaveLength(3);
    for (const [i, ms] of clock.slept.entries()) {
      expect(ms).toBeGreaterThan(500 * 2 ** i - 1);
      expect(ms).toBeLessThanOrEqual(1_000 * 2 ** i);
    }
  });

  it("gives up after so many attempts with the last error itself", async () => {
    const { target, laid, ctx } = stage(...fail("get", 10));
    await expect(target.get(relPath("a.html"), ctx)).rejects.toBe(dropped);
    expect(laid.made.get("get")).toBe(4);
    expect(ctx.events).toHaveLength(3);
  });

  it("does not try again what is not transient", async () => {
    const { target, laid, ctx } = stage(...fail("makeDirs", 1, { error: denied }));
    await expect(target.makeDirs(["a"], ctx)).rejects.toBe(denied);
    await expect(target.get(relPath("ない.html"), ctx)).rejects.toMatchObject({ kind: "not-found" });
    expect([...laid.made]).toEqual([
      ["makeDirs", 1],
      ["get", 1],
    ]);
    expect(ctx.events).toEqual([]);
  });

  it("counts for each call alone: ten calls that fail three times each all succeed", async () => {
    const server = createMemoryServer();
    const memory = server.open();
    const failures = new Map<string, number>();
    const flaky = {
      ...memory,
      async put(...[file, body, ctx]: Parameters<typeof memory.put>) {
        const failed = failures.get(file.path) ?? 0;
        failures.set(file.path, failed + 1);
        if (failed < 3) throw dropped;
        return memory.put(file, body, ctx);
      },
    };
    const target = withRetry(flaky, "web1", { attempts: 4, firstWaitMs: 1 });
    const ctx = testCtx({ clock: instantClock() });
    const files = Array.from({ length: 10 }, (_, i) => metaOf(`${i}.html`, content));
    await Promise.all(files.map((file) => target.put(file, bodyOf(content), ctx)));
    expect(server.files.size).toBe(10);
    expect(ctx.events).toHaveLength(30);
  });

  it("stops waiting when it is stopped", async () => {
    const { target } = stage(...fail("put", 10));
    const stop = new AbortController();
    const ctx = testCtx({ signal: stop.signal });
    const put = target.put(metaOf("a.html", content), bodyOf(content), ctx);
    const failed = expect(put).rejects.toMatchObject({ kind: "aborted" });
    setTimeout(() => stop.abort(), 50);
    const started = performance.now();
    await failed;
    expect(performance.now() - started).toBeLessThan(450);
  });

  it("lists nothing twice when a list breaks off half-way", async () => {
    const server = createMemoryServer();
    const memory = server.open();
    const ctx = testCtx({ clock: instantClock() });
    for (const path of ["a.html", "b.html", "c.html"]) await memory.put(metaOf(path, content), bodyOf(content), ctx);
    let lists = 0;
    const breaking = {
      ...memory,
      async *list(prefix: string) {
        for await (const file of memory.list(prefix, ctx)) {
          if (file.path === "c.html" && lists++ === 0) throw dropped;
          yield file;
        }
      },
    };
    const listed = await Array.fromAsync(withRetry(breaking, "web1").list("", ctx));
    expect(listed.map(({ path }) => path)).toEqual(["a.html", "b.html", "c.html"]);
    expect(lists).toBe(2);
  });

  it("reports each removed file once, and asks again only for those that are left", async () => {
    const server = createMemoryServer();
    const memory = server.open();
    const asked: number[] = [];
    const breaking: typeof memory = {
      ...memory,
      async remove(paths, ctx, done) {
        asked.push(paths.length);
        const some = asked.length < 3 ? paths.slice(0, 2) : paths;
        await memory.remove(some, ctx, done);
        if (some.length < paths.length) throw dropped;
      },
    };
    const done: string[] = [];
    const paths = ["1", "2", "3", "4", "5"].map(relPath);
    const ctx = testCtx({ clock: instantClock() });
    await withRetry(breaking, "web1").remove(paths, ctx, (path) => done.push(path));
    expect(asked).toEqual([5, 3, 1]);
    expect(done).toEqual(paths);
  });

  describe("when the answer to a lock call is lost", () => {
    const [mine, theirs] = [Buffer.from("run 1"), Buffer.from("run 2")];

    it("a lock that was taken after all is known as taken", async () => {
      const { server, target, ctx } = stage(...fail("state.takeLock", 1, { when: "after" }));
      expect(await target.state.takeLock(mine, ctx)).toBe(true);
      expect(server.lock).toEqual(mine);
    });

    it("a lock that somebody else has is not", async () => {
      const { server, target, ctx } = stage(...fail("state.takeLock", 1, { when: "after" }));
      server.lock = theirs;
      expect(await target.state.takeLock(mine, ctx)).toBe(false);
      expect(server.lock).toEqual(theirs);
    });

    it("a lock that was dropped and then taken by somebody else stays theirs", async () => {
      const { server, target, ctx, clock } = stage(...fail("state.dropLock", 1, { when: "after" }));
      expect(await target.state.takeLock(mine, ctx)).toBe(true);
      clock.sleep = async () => {
        server.lock = theirs;
      };
      await target.state.dropLock(ctx);
      expect(server.lock).toEqual(theirs);
    });

    it("a lock that was not dropped is dropped by the next attempt", async () => {
      const { server, target, ctx } = stage(...fail("state.dropLock", 2));
      expect(await target.state.takeLock(theirs, ctx)).toBe(true);
      await target.state.writeLock(mine, ctx);
      await target.state.dropLock(ctx);
      expect(server.lock).toBeUndefined();
    });
  });
});
