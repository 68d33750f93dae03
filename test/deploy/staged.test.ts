import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import type { Change } from "../../src/core/change.ts";
import type { Ctx } from "../../src/core/context.ts";
import { encodeOwner } from "../../src/deploy/lock-owner.ts";
import { observe } from "../../src/deploy/observe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Publication, Stage, Target } from "../../src/targets/target.ts";
import { createMemorySource, type MemorySource } from "../doubles/memory-source.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE, planFor, served, tryDelivery } from "./try-delivery.ts";
import { expectTrueRecords, tryTogether } from "./try-staged.ts";

const DENIED = new SmartsyncError("permission denied", { kind: "config", code: "permission-denied" });

let server: MemoryServer;
let source: MemorySource;
beforeEach(async () => {
  server = createMemoryServer();
  await tryDelivery(server.open(), createMemorySource({ "index.html": "old", "古い.html": "gone" }), testCtx(), "run1");
  source = createMemorySource({ "index.html": "top", "記事/一.html": "one", "assets/site.css": "body{}" });
});

/** The target, its stage changed as told. */
function withStage(target: Target, change: (stage: Stage) => Partial<Stage>): Target {
  const { stage } = target;
  if (stage === undefined) throw new Error("it stages");
  return {
    ...target,
    async stage(run, ctx) {
      const opened = await stage(run, ctx);
      return { ...opened, ...change(opened) };
    },
  };
}

/** The target, with the calls that matter for the order told before they are made. */
function watched(target: Target, see: (call: string) => void): Target {
  const seen = <A extends unknown[], R>(name: (...args: A) => string, call: (...args: A) => R) => {
    return (...args: A): R => {
      see(name(...args));
      return call(...args);
    };
  };
  const { state } = target;
  return {
    ...withStage(target, (stage) => ({
      put: seen((file) => `stage ${file.path}`, stage.put),
      prepare: seen((_publication: Publication, _ctx: Ctx) => "prepare", stage.prepare),
      publish: seen((_ctx: Ctx, _done: (change: Change) => void) => "publish", stage.publish),
      [Symbol.asyncDispose]: seen(() => "clear", stage[Symbol.asyncDispose]),
    })),
    state: {
      ...state,
      write: (name, content, ctx, mayReplace) =>
        state.write(name, content, ctx, async () => {
          await mayReplace?.();
          see(`write ${name}`);
        }),
      remove: seen((names) => `remove ${names.toSorted()}`, state.remove),
      takeLock: seen((_owner: Uint8Array, _ctx: Ctx) => "take lock", state.takeLock),
      readLock: seen((_ctx: Ctx) => "check lock", state.readLock),
      dropLock: seen((_ctx: Ctx) => "drop lock", state.dropLock),
    },
  };
}

describe("a staged delivery", () => {
  test("goes lock, stage, prepare, then lock, intent, publish, then manifest: nothing twice", async () => {
    const calls: string[] = [];
    const target = watched(server.open({ concurrency: 1 }), (call) => calls.push(call));
    expect(await tryTogether({ web1: target }, source, testCtx(), "run2")).toEqual(new Map());
    expect(calls).toEqual([
      "take lock",
      "write intent-run2.gz",
      "stage assets/site.css",
      "stage index.html",
      "stage 記事/一.html",
      "prepare",
      "check lock",
      "write manifest-run2.gz",
      "write head.json",
      "publish",
      "clear",
      "check lock",
      "write head.json",
      "remove intent-run2.gz,manifest-run1.gz",
      "drop lock",
    ]);
    expect(served(server)).toEqual(Object.fromEntries(source.files));
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run2.gz"]);
  });

  test("tells of every file twice: when it is staged, and when visitors see it", async () => {
    const ctx = testCtx();
    await tryTogether({ web1: server.open({}, "many") }, source, ctx, "run2");
    const types = ctx.events.map(({ type }) => type);
    expect(types).toEqual([
      "locked",
      "stage-started",
      ...Array(3).fill(["file-progress", "file-staged"]).flat(),
      "staged",
      ...Array(3).fill("file-put"),
      "file-deleted",
      "published",
    ]);
    expect(ctx.events).toContainEqual(expect.objectContaining({ type: "stage-started", files: 3, bytes: 12 }));
  });

  test("what the server said of a file when it was staged is in the manifest", async () => {
    const target = withStage(server.open(), ({ put }) => ({
      put: async (file, ...rest) => ({ ...(await put(file, ...rest)), etag: `tag of ${file.path}` }),
    }));
    await tryTogether({ web1: target }, source, testCtx(), "run2");
    const { snapshot } = await observe(server.open(), NO_CACHE, testCtx());
    expect(snapshot.files.get(relPath("記事/一.html"))?.etag).toBe("tag of 記事/一.html");
  });

  test("until it is published no intent is on the target, then it names every path", async () => {
    const seen: (readonly string[] | undefined)[] = [];
    const look = async () =>
      void seen.push((await observe(server.open(), NO_CACHE, testCtx())).interrupted?.unfinished);
    const target = withStage(server.open(), (stage) => ({
      async prepare(publication, ctx) {
        await look();
        await stage.prepare(publication, ctx);
      },
      async publish(ctx, done) {
        await look();
        await stage.publish(ctx, done);
      },
    }));
    await tryTogether({ web1: target }, source, testCtx(), "run2");
    expect(seen[0]).toBeUndefined();
    expect([...(seen[1] ?? [])].sort()).toEqual([...source.files.keys(), "古い.html"].sort());
  });

  test.each(["singly", "many"] as const)(
    "a file that changes while it is staged %s is sent as it is then",
    async (how) => {
      const ctx = testCtx();
      const plain = server.open({}, how);
      const rebuild = (): void => void source.files.set("index.html", "rebuilt, and longer");
      const target = withStage(plain, ({ put, putMany }) => ({
        put: (file, body, putCtx) => {
          if (how === "singly") rebuild();
          return put(file, body, putCtx);
        },
        ...(putMany && {
          putMany: (files, putCtx, report) => {
            rebuild();
            return putMany(files, putCtx, report);
          },
        }),
      }));
      expect(await tryTogether({ web1: target }, source, ctx, "run2")).toEqual(new Map());
      expect(served(server)).toEqual(Object.fromEntries(source.files));
      expect(ctx.events.filter(({ type }) => type === "file-replanned")).toHaveLength(1);
      await expectTrueRecords(server, "after a replan");
      const observed = await observe(server.open(), NO_CACHE, testCtx());
      expect((await planFor(source, observed, testCtx())).phases).toEqual([]);
    },
  );

  test.each(["singly", "many"] as const)(
    "a file that never stands still, staged %s, keeps all as it was",
    async (how) => {
      let version = 0;
      const restless = { ...source, open: () => createMemorySource({ x: `${version++}` }).open(relPath("x")) };
      const failures = await tryTogether({ web1: server.open({}, how) }, restless, testCtx(), "run2");
      expect(failures.get("web1")?.code).toBe("delivery-incomplete");
      expect(served(server)).toEqual({ "index.html": "old", "古い.html": "gone" });
      expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
      expect(server.staged.size).toBe(0);
      expect(server.lock).toBeUndefined();
    },
  );

  test("a file that vanishes while it is staged keeps all as it was", async () => {
    const target = withStage(server.open({}, "many"), ({ putMany }) => ({
      putMany: async (files, ctx, report) => {
        source.files.delete("記事/一.html");
        await putMany?.(files, ctx, report);
      },
    }));
    const failures = await tryTogether({ web1: target }, source, testCtx(), "run2");
    expect(failures.get("web1")?.code).toBe("source-vanished");
    expect(served(server)).toEqual({ "index.html": "old", "古い.html": "gone" });
  });

  test("an owner that lost its lock while it staged publishes nothing, and leaves the new owner's records", async () => {
    const head = server.states.get("head.json");
    const theirs = encodeOwner({
      format: 1,
      token: "theirs",
      run: "run0",
      by: "deploy@cms",
      machine: "another machine",
      pid: 1,
      why: "push",
      since: new Date().toISOString(),
      renewed: new Date().toISOString(),
    });
    const target = withStage(server.open(), ({ prepare }) => ({
      async prepare(publication, ctx) {
        server.lock = theirs;
        await prepare(publication, ctx);
      },
    }));
    const failures = await tryTogether({ web1: target }, source, testCtx(), "run2");
    expect(failures.get("web1")?.code).toBe("lock-lost");
    expect(served(server)).toEqual({ "index.html": "old", "古い.html": "gone" });
    expect(server.states.get("head.json")).toEqual(head);
    expect(Buffer.compare(server.lock ?? new Uint8Array(), theirs)).toBe(0);
  });

  test("a target that somebody delivered to since the plan was made is left alone", async () => {
    const target = server.open();
    let looks = 0;
    const late: Target = {
      ...target,
      state: {
        ...target.state,
        async takeLock(owner, ctx) {
          looks++;
          await tryDelivery(server.open(), createMemorySource({ "other.html": "somebody else" }), testCtx(), "other");
          return target.state.takeLock(owner, ctx);
        },
      },
    };
    const failures = await tryTogether({ web1: late }, source, testCtx(), "run2");
    expect(looks).toBe(1);
    expect(failures.get("web1")).toMatchObject({ kind: "conflict", code: "target-moved" });
    expect(served(server)).toEqual({ "other.html": "somebody else" });
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-other.gz"]);
  });
});

describe("hooks of a staged delivery", () => {
  const hooked = (target: Target, failing: "before" | "after" | undefined, ran: string[]): Target => ({
    ...target,
    hooks: {
      list: [
        { when: "before", command: "stop-cron", timeout: 10, onFailure: "fail" },
        { when: "after", command: "warm-cache", timeout: 10, onFailure: "fail" },
      ],
      run: async ({ when, command }) => {
        ran.push(`${command}: ${server.lock ? "locked" : "free"}, ${served(server)["index.html"]}`);
        return { exitCode: when === failing ? 1 : 0, output: "" };
      },
    },
  });

  test("run before anything is staged, and after all is published, both with the lock held", async () => {
    const ran: string[] = [];
    await tryTogether({ web1: hooked(server.open(), undefined, ran) }, source, testCtx(), "run2");
    expect(ran).toEqual(["stop-cron: locked, old", "warm-cache: locked, top"]);
  });

  test("one that fails before keeps the site as it was", async () => {
    const failures = await tryTogether({ web1: hooked(server.open(), "before", []) }, source, testCtx(), "run2");
    expect(failures.get("web1")).toMatchObject({ code: "hook-failed", kind: "conflict" });
    expect(served(server)["index.html"]).toBe("old");
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
  });

  test("one that fails after leaves the delivery complete, and says that it was only partly done", async () => {
    const failures = await tryTogether({ web1: hooked(server.open(), "after", []) }, source, testCtx(), "run2");
    expect(failures.get("web1")).toMatchObject({ code: "hook-failed", kind: "partial" });
    expect(served(server)).toEqual(Object.fromEntries(source.files));
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run2.gz"]);
    expect(server.lock).toBeUndefined();
  });
});

describe("putting back", () => {
  /** Fails at the third change that is made visible. */
  const breaking = (target: Target, atThird: () => void): Target => {
    let changes = 0;
    return withStage(target, ({ publish }) => ({
      publish: (ctx, done) =>
        publish(ctx, (change) => {
          done(change);
          if (++changes === 3) atThird();
        }),
    }));
  };
  const deny = (): never => {
    throw DENIED;
  };

  test("a first delivery that is put back leaves nothing, no records either", async () => {
    server = createMemoryServer();
    const ctx = testCtx();
    const failures = await tryTogether({ web1: breaking(server.open(), deny) }, source, ctx, "run1");
    expect(failures.get("web1")).toBe(DENIED);
    expect(ctx.events).toContainEqual({ type: "reverted", target: "web1", because: "permission denied" });
    expect([server.files.size, server.dirs.size, server.states.size, server.kept.size]).toEqual([0, 0, 0, 0]);
    expect(server.lock).toBeUndefined();
  });

  test("progress that was already noted is withdrawn: the records say what was before", async () => {
    const clock = {
      now: Date.now,
      sleep: (_ms: number, signal?: AbortSignal) => setImmediate(undefined, { ...(signal && { signal }) }),
    };
    const head = server.states.get("head.json");
    const noted: string[] = [];
    const target = breaking(server.open(), () => {
      noted.push(...[...server.states.keys()].filter((name) => name.startsWith("progress")));
      deny();
    });
    await tryTogether({ web1: target }, source, testCtx({ clock }), "run2");
    expect(noted.length).toBeGreaterThan(0);
    expect(served(server)).toEqual({ "index.html": "old", "古い.html": "gone" });
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
    expect(server.states.get("head.json")).toEqual(head);
  });

  test("a stop while it is published ends soon, with the site as it was and the lock given up", async () => {
    const stop = new AbortController();
    const ctx = testCtx({ signal: stop.signal });
    const startedAt = performance.now();
    const failures = await tryTogether({ web1: breaking(server.open(), () => stop.abort()) }, source, ctx, "run2");
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(failures.get("web1")?.kind).toBe("aborted");
    expect(served(server)).toEqual({ "index.html": "old", "古い.html": "gone" });
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
    expect(server.lock).toBeUndefined();
    expect(ctx.events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  test("a stop while it is staged ends soon, with nothing touched", async () => {
    const stop = new AbortController();
    const target = withStage(server.open(), ({ prepare }) => ({
      async prepare(publication, ctx) {
        stop.abort();
        await prepare(publication, ctx);
      },
    }));
    const failures = await tryTogether({ web1: target }, source, testCtx({ signal: stop.signal }), "run2");
    expect(failures.get("web1")?.kind).toBe("aborted");
    expect(served(server)).toEqual({ "index.html": "old", "古い.html": "gone" });
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
    expect([server.staged.size, server.lock]).toEqual([0, undefined]);
  });

  test("a stage that can't be cleared away in the end is a warning", async () => {
    const ctx = testCtx();
    const target = withStage(server.open(), () => ({ [Symbol.asyncDispose]: () => Promise.reject(DENIED) }));
    expect(await tryTogether({ web1: target }, source, ctx, "run2")).toEqual(new Map());
    expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "stage-kept" }));
    expect(served(server)).toEqual(Object.fromEntries(source.files));
  });
});
