import { beforeEach, describe, expect, test } from "vitest";
import type { Ctx } from "../../src/core/context.ts";
import { deliver } from "../../src/deploy/deliver.ts";
import { observe } from "../../src/deploy/observe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Target } from "../../src/targets/target.ts";
import { createMemorySource, type MemorySource } from "../doubles/memory-source.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE, planFor, served, tryDelivery } from "./try-delivery.ts";

let server: MemoryServer;
let source: MemorySource;
beforeEach(() => {
  server = createMemoryServer();
  source = createMemorySource({ "index.html": "top", "記事/一.html": "one", "assets/site.css": "body{}" });
});

/** The target, with every call told to `see` as "put index.html" or "write head.json" before it is made. */
function watched(see: (call: string) => void): Target {
  const target = server.open();
  const { state } = target;
  const seen =
    <A extends unknown[], R>(name: (...args: A) => string, call: (...args: A) => R) =>
    (...args: A): R => {
      see(name(...args));
      return call(...args);
    };
  return {
    ...target,
    put: seen((file) => `put ${file.path}`, target.put),
    remove: seen((paths) => `remove ${paths}`, target.remove),
    sweep: seen((paths) => `sweep ${paths}`, target.sweep),
    state: {
      ...state,
      write: (name, content, ctx, mayReplace) =>
        state.write(name, content, ctx, async () => {
          await mayReplace?.();
          see(`write ${name}`);
        }),
      readLock: seen((_ctx: Ctx) => "check lock", state.readLock),
      dropLock: seen((_ctx: Ctx) => "drop lock", state.dropLock),
    },
  };
}

describe("the order of writes", () => {
  test("intent, head, assets, pages, manifest, head: the lock is checked before each phase and each head", async () => {
    const calls: string[] = [];
    await tryDelivery(
      watched((call) => calls.push(call)),
      source,
      testCtx(),
      "run1",
    );
    expect(calls).toEqual([
      "write intent-run1.gz",
      "check lock",
      "write head.json",
      "put assets/site.css",
      "check lock",
      expect.stringMatching(/^put .*html$/),
      expect.stringMatching(/^put .*html$/),
      "write manifest-run1.gz",
      "check lock",
      "write head.json",
      "drop lock",
    ]);
    expect(served(server)).toEqual(Object.fromEntries(source.files));
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
  });

  test("at the first put the target already names every path in its intent", async () => {
    await tryDelivery(server.open(), source, testCtx(), "run1");
    source.files.delete("記事/一.html");
    source.files.set("index.html", "new top");
    let named: string[] = [];
    const target = watched(() => {});
    const peek: Target = {
      ...target,
      async put(file, body, ctx) {
        const { interrupted } = await observe(server.open(), NO_CACHE, testCtx());
        named = [...(interrupted?.unfinished ?? [])];
        return target.put(file, body, ctx);
      },
    };
    await tryDelivery(peek, source, testCtx(), "run2");
    expect(named.sort()).toEqual(["index.html", "記事/一.html"]);
  });

  test("what many files failed by is told once, with how many they were", async () => {
    const target = server.open();
    const put = () => Promise.reject(new SmartsyncError("could not make /記事", { kind: "config", code: "full" }));
    source.files.set("記事/一.css", "1").set("記事/二.css", "2").set("記事/三.css", "3");
    await expect(tryDelivery({ ...target, put }, source, testCtx(), "run1")).rejects.toMatchObject({
      message: expect.stringMatching(/could not be delivered:\n {2}could not make \/記事 \(\d times\)$/),
    });
  });

  test("no deletion follows a failed upload, and every failure is reported", async () => {
    await tryDelivery(server.open(), source, testCtx(), "run1");
    source.files.delete("記事/一.html");
    source.files.set("index.html", "new").set("a.html", "new").set("b.html", "new");
    const target = server.open();
    const failing: Target = {
      ...target,
      put: (file, body, ctx) =>
        file.path === "b.html" || file.path === "index.html"
          ? Promise.reject(new SmartsyncError(`no room for ${file.path}`, { kind: "config", code: "disk-full" }))
          : target.put(file, body, ctx),
    };
    await expect(tryDelivery(failing, source, testCtx(), "run2")).rejects.toMatchObject({
      code: "delivery-incomplete",
      message: expect.stringMatching(/no room for b\.html[\s\S]*no room for index\.html/),
    });
    expect(served(server)).toMatchObject({ "記事/一.html": "one", "index.html": "top", "a.html": "new" });

    const puts: string[] = [];
    await tryDelivery(
      watched((call) => call.startsWith("put") && puts.push(call)),
      source,
      testCtx(),
      "run3",
    );
    expect(puts.sort()).toEqual(["put b.html", "put index.html"]);
    expect(served(server)).toEqual(Object.fromEntries(source.files));
  });

  test("a put that fails in the assets keeps every page as it was", async () => {
    await tryDelivery(server.open(), source, testCtx(), "run1");
    source.files.set("index.html", "<img src=new.png>").set("new.png", "png");
    const target = server.open();
    const failing: Target = {
      ...target,
      put: () => Promise.reject(new SmartsyncError("denied", { kind: "config", code: "permission-denied" })),
    };
    await expect(tryDelivery(failing, source, testCtx(), "run2")).rejects.toMatchObject({ code: "permission-denied" });
    expect(served(server)["index.html"]).toBe("top");
  });
});

describe("a source that changes while it is sent", () => {
  test("the file is looked at again and sent as it is now, never as a mixture", async () => {
    const ctx = testCtx();
    const target = server.open();
    const rebuilding: Target = {
      ...target,
      put: (file, body, putCtx) => {
        if (source.files.get(file.path) === "top") source.files.set("index.html", "rebuilt");
        return target.put(file, body, putCtx);
      },
    };
    await tryDelivery(rebuilding, source, ctx, "run1");
    expect(served(server)["index.html"]).toBe("rebuilt");
    expect(ctx.events.filter(({ type }) => type === "file-replanned")).toHaveLength(1);
    const { snapshot } = await observe(server.open(), NO_CACHE, ctx);
    expect((await planFor(source, { snapshot, head: null, interrupted: null }, ctx)).phases).toEqual([]);
  });

  test("a file that never stands still is given up after three more tries, and stays as it was", async () => {
    await tryDelivery(server.open(), source, testCtx(), "run1");
    source.files.set("index.html", "1");
    let tries = 0;
    const target = server.open();
    const restless: Target = {
      ...target,
      put: (file, body, ctx) => {
        tries++;
        source.files.set("index.html", `${tries} and more`);
        return target.put(file, body, ctx);
      },
    };
    await expect(tryDelivery(restless, source, testCtx(), "run2")).rejects.toMatchObject({ code: "source-changed" });
    expect(tries).toBe(4);
    expect(served(server)["index.html"]).toBe("top");
  });

  test("a file that vanishes is neither sent nor deleted", async () => {
    await tryDelivery(server.open(), source, testCtx(), "run1");
    source.files.set("index.html", "new top");
    const target = server.open();
    const vanishing: Target = {
      ...target,
      put: (file, body, ctx) => {
        source.files.delete(file.path);
        return target.put(file, body, ctx);
      },
    };
    await expect(tryDelivery(vanishing, source, testCtx(), "run2")).rejects.toMatchObject({ code: "source-vanished" });
    expect(served(server)["index.html"]).toBe("top");
  });
});

describe("the state of a target", () => {
  test("only a head that is certainly absent is a first delivery", async () => {
    expect((await observe(server.open(), NO_CACHE, testCtx())).head).toBeNull();
    const target = server.open();
    const unreadable: Target = {
      ...target,
      state: {
        ...target.state,
        read: () => Promise.reject(new SmartsyncError("denied", { kind: "config", code: "permission-denied" })),
      },
    };
    await expect(tryDelivery(unreadable, source, testCtx(), "run1")).rejects.toMatchObject({
      code: "permission-denied",
    });
    expect(served(server)).toEqual({});
  });

  test.each(["head.json", "manifest-run1.gz"])("a damaged or missing %s stops the run", async (record) => {
    await tryDelivery(server.open(), source, testCtx(), "run1");
    const whole = server.states.get(record) ?? new Uint8Array();
    source.files.set("index.html", "new");
    server.states.set(record, whole.subarray(0, whole.length - 3));
    const damaged = { kind: "conflict", code: "target-state-damaged" };
    await expect(tryDelivery(server.open(), source, testCtx(), "run2")).rejects.toMatchObject(damaged);
    if (record !== "head.json") {
      server.states.delete(record);
      await expect(tryDelivery(server.open(), source, testCtx(), "run2")).rejects.toMatchObject(damaged);
    }
    expect(served(server)["index.html"]).toBe("top");
  });

  test("a plan made from another state of the target is not carried out", async () => {
    const observed = await observe(server.open(), NO_CACHE, testCtx());
    const plan = await planFor(source, observed, testCtx());
    await tryDelivery(server.open(), createMemorySource({ "other.html": "somebody else" }), testCtx(), "run1");
    const late = { name: "web1", target: server.open(), observed, cache: NO_CACHE, plan, source, notes: [] };
    await expect(deliver(late, { run: "run2", trigger: "test" }, testCtx())).rejects.toMatchObject({
      kind: "conflict",
      code: "target-moved",
    });
    expect(served(server)).toEqual({ "other.html": "somebody else" });
    expect(server.lock).toBeUndefined();
  });
});

test("a stop leaves whole files, gives the lock up, and the next run sends only what is missing", async () => {
  for (let n = 0; n < 20; n++) source.files.set(`page${n}.html`, `page ${n}`);
  const stop = new AbortController();
  let puts = 0;
  const target = server.open({ concurrency: 1 });
  const stopping: Target = {
    ...target,
    put: (file, body, ctx) => {
      if (++puts === 10) stop.abort();
      return target.put(file, body, ctx);
    },
  };
  await expect(tryDelivery(stopping, source, testCtx({ signal: stop.signal }), "run1")).rejects.toThrow();
  expect(server.lock).toBeUndefined();
  expect(server.files.size).toBe(9);
  for (const [path, text] of Object.entries(served(server))) expect(source.files.get(path)).toBe(text);
  const plan = await tryDelivery(server.open(), source, testCtx(), "run2");
  expect(plan.totals.puts).toBe(source.files.size - 9);
  expect(served(server)).toEqual(Object.fromEntries(source.files));
  expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run2.gz"]);
});
