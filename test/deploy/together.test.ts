import { beforeEach, describe, expect, test } from "vitest";
import { encodeOwner, parseOwner } from "../../src/deploy/lock-owner.ts";
import { observe } from "../../src/deploy/observe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Stage, Target } from "../../src/targets/target.ts";
import { createMemorySource, type MemorySource } from "../doubles/memory-source.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE, served, tryDelivery } from "./try-delivery.ts";
import { expectTrueRecords, tryTogether } from "./try-staged.ts";

const OLD = { "index.html": "old", "古い.html": "gone" };
const FULL = new SmartsyncError("the disk is full", { kind: "config", code: "disk-full" });

let servers: MemoryServer[];
let source: MemorySource;
beforeEach(async () => {
  servers = [createMemoryServer(), createMemoryServer(), createMemoryServer()];
  for (const server of servers) await tryDelivery(server.open(), createMemorySource(OLD), testCtx(), "run1");
  source = createMemorySource({ "index.html": "top", "記事/一.html": "one", "assets/site.css": "body{}" });
});

/** The three targets, web2's stage changed as told. */
function targets(change: (stage: Stage, target: Target) => Partial<Stage> = () => ({})): Record<string, Target> {
  const named = servers.map((server, at): [string, Target] => {
    const target = server.open();
    if (at !== 1) return [`web${at + 1}`, target];
    const staging: Target = {
      ...target,
      async stage(run, ctx) {
        const stage = await target.stage?.(run, ctx);
        if (stage === undefined) throw new Error("it stages");
        return { ...stage, ...change(stage, target) };
      },
    };
    return ["web2", staging];
  });
  return Object.fromEntries(named);
}

async function expectUntouched(): Promise<void> {
  for (const server of servers) {
    expect(served(server)).toEqual(OLD);
    expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-run1.gz"]);
    expect([server.staged.size, server.kept.size, server.lock]).toEqual([0, 0, undefined]);
    await expectTrueRecords(server, "untouched");
  }
}

test("all targets show the new site, and not one of them before each has staged it", async () => {
  const ctx = testCtx();
  expect(await tryTogether(targets(), source, ctx, "run2")).toEqual(new Map());
  for (const server of servers) expect(served(server)).toEqual(Object.fromEntries(source.files));
  const types = ctx.events.map(({ type }) => type);
  expect(types.lastIndexOf("staged")).toBeLessThan(types.indexOf("file-put"));
  expect(types.filter((type) => type === "published")).toHaveLength(3);
});

test("all intents are written before the first change is visible", async () => {
  const seen: unknown[] = [];
  const looking = targets(({ publish }) => ({
    async publish(ctx, done) {
      for (const server of servers) seen.push((await observe(server.open(), NO_CACHE, ctx)).interrupted?.intent.run);
      await publish(ctx, done);
    },
  }));
  await tryTogether(looking, source, testCtx(), "run2");
  expect(seen).toEqual(["run2", "run2", "run2"]);
});

describe("when one target can't be made ready, none is changed, and the others say which", () => {
  const fail = (): Promise<never> => Promise.reject(FULL);

  test.each<[string, (stage: Stage) => Partial<Stage>]>([
    ["a file can't be staged", () => ({ put: fail })],
    ["it can't be prepared", () => ({ prepare: fail })],
  ])("%s", async (_, change) => {
    const failures = await tryTogether(targets(change), source, testCtx(), "run2");
    expect(failures.get("web2")?.message).toContain("the disk is full");
    for (const name of ["web1", "web3"]) {
      expect(failures.get(name)).toMatchObject({
        code: "held-back",
        message: expect.stringMatching(/web2: .*disk is full/s),
      });
    }
    await expectUntouched();
  });

  test("the intent of one can't be written", async () => {
    const broken = targets();
    const { web2 } = broken;
    if (web2 === undefined) throw new Error("web2");
    const { write } = web2.state;
    broken.web2 = {
      ...web2,
      state: { ...web2.state, write: (name, ...rest) => (name === "head.json" ? fail() : write(name, ...rest)) },
    };
    const ctx = testCtx();
    const failures = await tryTogether(broken, source, ctx, "run2");
    expect(failures.get("web2")?.code).toBe("disk-full");
    expect(failures.get("web1")?.code).toBe("held-back");
    expect(ctx.events.filter(({ type }) => type === "published")).toEqual([]);
    for (const server of servers) expect(served(server)).toEqual(OLD);
    expect(await tryTogether(targets(), source, testCtx(), "run3")).toEqual(new Map());
    for (const server of servers) expect(served(server)).toEqual(Object.fromEntries(source.files));
  });

  test("another delivery is at work on one", async () => {
    const [, web2] = servers;
    if (web2 === undefined) throw new Error("web2");
    const now = new Date().toISOString();
    const times = { since: now, renewed: now };
    const owner = { token: "theirs", run: "run0", by: "deploy@cms", machine: "another", pid: 1, why: "push", ...times };
    web2.lock = encodeOwner({ format: 1, ...owner });
    const failures = await tryTogether(targets(), source, testCtx(), "run2");
    expect(failures.get("web2")?.code).toBe("locked");
    expect(failures.get("web3")).toMatchObject({ code: "held-back", message: expect.stringContaining("deploy@cms") });
    expect(parseOwner(web2.lock)?.token).toBe("theirs");
    web2.lock = undefined;
    await expectUntouched();
  });

  test("the others don't go on sending for nothing", async () => {
    const slow = targets(() => ({ put: fail }));
    const { web1 } = slow;
    if (web1 === undefined) throw new Error("web1");
    slow.web1 = {
      ...web1,
      async stage(run, ctx) {
        const stage = await web1.stage?.(run, ctx);
        if (stage === undefined) throw new Error("it stages");
        const put: Stage["put"] = (_file, _body, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () =>
              reject(new SmartsyncError("stopped", { kind: "aborted", code: "aborted" })),
            );
          });
        return { ...stage, put };
      },
    };
    const failures = await tryTogether(slow, source, testCtx(), "run2");
    expect(failures.get("web1")?.code).toBe("held-back");
    await expectUntouched();
  });
});

describe("when one target fails while it is published, all are put back", () => {
  const failAt = (nth: number, fail: () => void) => {
    let changes = 0;
    return ({ publish }: Stage): Partial<Stage> => ({
      publish: (ctx, done) =>
        publish(ctx, (change) => {
          done(change);
          if (++changes === nth) fail();
        }),
    });
  };

  test.each([1, 2, 4])("at its change no. %d", async (nth) => {
    const ctx = testCtx();
    const change = failAt(nth, () => {
      throw FULL;
    });
    const failures = await tryTogether(targets(change), source, ctx, "run2");
    expect(failures.get("web2")).toBe(FULL);
    for (const name of ["web1", "web3"]) {
      expect(failures.get(name)).toMatchObject({
        code: "put-back",
        message: expect.stringContaining("web2: the disk is full"),
      });
    }
    const reverted = ctx.events.flatMap((event) => (event.type === "reverted" ? [[event.target, event.because]] : []));
    expect(reverted.sort()).toEqual([
      ["web1", "web2: the disk is full"],
      ["web2", "the disk is full"],
      ["web3", "web2: the disk is full"],
    ]);
    await expectUntouched();
  });

  test("also when it fails after the others were through", async () => {
    const late = targets((stage) => ({
      async publish(ctx, done) {
        await stage.publish(ctx, done);
        while (servers.some((server) => served(server)["index.html"] !== "top")) await ctx.clock.sleep(1, ctx.signal);
        throw FULL;
      },
    }));
    const failures = await tryTogether(late, source, testCtx(), "run2");
    expect([...failures.values()].map(({ code }) => code).sort()).toEqual(["disk-full", "put-back", "put-back"]);
    await expectUntouched();
  });

  test("a stop while they are published puts all back", async () => {
    const stop = new AbortController();
    const ctx = testCtx({ signal: stop.signal });
    const failures = await tryTogether(targets(failAt(2, () => stop.abort())), source, ctx, "run2");
    expect([...failures.values()].map(({ kind }) => kind)).toEqual(["aborted", "aborted", "aborted"]);
    await expectUntouched();
  });

  test("one that can't be put back says so, keeps its intent, and the next run makes it whole", async () => {
    const change = (stage: Stage): Partial<Stage> => ({
      ...failAt(2, () => {
        throw FULL;
      })(stage),
      revert: () =>
        Promise.reject(new SmartsyncError("the line is gone", { kind: "transient", code: "connection-lost" })),
    });
    const ctx = testCtx();
    const failures = await tryTogether(targets(change), source, ctx, "run2");
    expect([...failures].map(([name, { code }]) => `${name} ${code}`).sort()).toEqual([
      "web1 put-back",
      "web2 disk-full",
      "web3 put-back",
    ]);
    const warning = {
      type: "warning",
      target: "web2",
      code: "not-put-back",
      message: expect.stringContaining("line is gone"),
    };
    expect(ctx.events).toContainEqual(expect.objectContaining(warning));
    for (const server of servers) await expectTrueRecords(server, "after a failed revert");
    expect(await tryTogether(targets(), source, testCtx(), "run3")).toEqual(new Map());
    for (const server of servers) expect(served(server)).toEqual(Object.fromEntries(source.files));
  });
});

test("when one can't be finished, the site stays published everywhere, and the next run ends it", async () => {
  const broken = targets();
  const { web2 } = broken;
  if (web2 === undefined) throw new Error("web2");
  const { write } = web2.state;
  let heads = 0;
  broken.web2 = {
    ...web2,
    state: {
      ...web2.state,
      write: (name, ...rest) => (name === "head.json" && ++heads === 2 ? Promise.reject(FULL) : write(name, ...rest)),
    },
  };
  const failures = await tryTogether(broken, source, testCtx(), "run2");
  expect([...failures]).toEqual([["web2", FULL]]);
  for (const server of servers) expect(served(server)).toEqual(Object.fromEntries(source.files));
  expect(await tryTogether(targets(), source, testCtx(), "run3")).toEqual(new Map());
  for (const server of servers) {
    expect((await observe(server.open(), NO_CACHE, testCtx())).interrupted).toBeNull();
    await expectTrueRecords(server, "finished by the next run");
  }
});
