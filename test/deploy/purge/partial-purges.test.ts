import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Clock } from "../../../src/core/context.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { monthOf } from "../../../src/state/purge-usage.ts";
import { memoryCdn, PLAIN_RULES, purgedBy } from "../../doubles/memory-cdn.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { changes } from "../memory-registry.ts";
import { makePurgedSite, notesOn, ORIGIN, type PurgedSite, server } from "./purged-site.ts";

vi.mock("../../../src/targets/index.ts", () => import("../memory-registry.ts"));
vi.mock("../../../src/cdns/index.ts", () => import("../../doubles/memory-cdn.ts"));

const REVOKED = new SmartsyncError("the token was revoked: ひみつ-8f2b", { kind: "auth", code: "credentials-wrong" });
const FIRST = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [`会社/${name}.html`, "古い"]));
const SECOND = Object.fromEntries(Object.keys(FIRST).map((path) => [path, "新しい"]));
const SAME = { "画像.svg": "同じ" };
const address = (path: string) => new URL(path, ORIGIN).href;
const sorted = (texts: readonly string[]) => [...texts].sort();

/** A clock that stands still while others sleep as ever. */
const at = (now: number): Clock => ({ ...systemClock, now: () => now });

let site: PurgedSite;
beforeEach(async () => {
  site = makePurgedSite();
  site.publish({ ...FIRST, ...SAME });
  await site.push({ cdns: { edge: {}, other: {} } });
  for (const name of ["edge", "other"]) memoryCdn(name).batches.length = 0;
  memoryCdn("edge").rules = { ...PLAIN_RULES, kinds: { exact: { perRequest: 2 } } };
  site.publish({ ...SECOND, ...SAME });
});
afterEach(() => site[Symbol.dispose]());

test("what was refused is owed, what was accepted is not, and the run is a partial one", async () => {
  memoryCdn("edge").onPurge = ({ items }) =>
    items
      .filter((item) => item.kind === "exact" && item.path.endsWith("/b.html"))
      .map((item) => ({ item, why: "the zone is frozen" }));
  const report = await site.push();
  expect(report).toMatchObject({
    outcome: "partial",
    targets: [{ outcome: "done" }],
    purges: [{ outcome: "failed", requests: 3, items: 4, failure: { kind: "partial", code: "purge-incomplete" } }],
  });
  expect(report.purges?.[0]?.failure?.message).toContain(`${address("/会社/b.html")}: the zone is frozen`);
  expect(notesOn("web1").map(({ cdns }) => cdns)).toEqual([{ edge: ["会社/b.html"] }]);
  memoryCdn("edge").onPurge = () => undefined;
  memoryCdn("edge").batches.length = 0;
  expect(await site.push()).toMatchObject({
    outcome: "unchanged",
    purges: [{ outcome: "done", madeGood: [report.run] }],
  });
  expect(purgedBy("edge")).toEqual([address("/会社/b.html")]);
});

test("after a request that failed no other is begun, and the rest is owed; another CDN is purged all the same", async () => {
  memoryCdn("edge").rules = { ...PLAIN_RULES, kinds: { exact: { perRequest: 1 } } };
  let requests = 0;
  memoryCdn("edge").onPurge = () => {
    requests++;
    if (requests === 3) throw REVOKED;
    return undefined;
  };
  const report = await site.push({ cdns: { edge: {}, other: {} } });
  expect(report).toMatchObject({
    outcome: "partial",
    purges: [
      { cdn: "edge", outcome: "failed", failure: { code: "credentials-wrong" } },
      { cdn: "other", outcome: "done", changed: 5 },
    ],
  });
  const accepted = purgedBy("edge");
  const [owed] = notesOn("web1");
  expect(Object.keys(owed?.cdns ?? {})).toEqual(["edge"]);
  const left = [owed?.cdns.edge ?? []].flat().map((path) => address(`/${path}`));
  expect(accepted.length).toBeGreaterThan(0);
  expect(sorted([...accepted, ...left])).toEqual(sorted(Object.keys(FIRST).map((path) => address(`/${path}`))));
});

test("a run that delivers nothing and whose purge fails again is a partial one, and leaves the note as it is", async () => {
  memoryCdn("edge").onPurge = () => {
    throw REVOKED;
  };
  await site.push();
  const before = [...server("web1").states.keys()].filter((name) => name.startsWith("purge-"));
  const ctx = testCtx();
  expect(await site.push({}, ctx)).toMatchObject({ outcome: "partial", targets: [{ outcome: "unchanged" }] });
  expect([...server("web1").states.keys()].filter((name) => name.startsWith("purge-"))).toEqual(before);
});

test("a note that is damaged is warned of, and everything is purged instead", async () => {
  memoryCdn("edge").rules = PLAIN_RULES;
  await site.push();
  memoryCdn("edge").batches.length = 0;
  server("web1").states.set("purge-20261122T174501-3f9a2c71.gz", Buffer.from("half a note"));
  const ctx = testCtx();
  const { purges } = await site.push({}, ctx);
  expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "purge-note-damaged" }));
  expect(purges).toMatchObject([{ outcome: "done", madeGood: ["20261122T174501-3f9a2c71"] }]);
  expect(purgedBy("edge")).toEqual(["everything"]);
  expect([...server("web1").states.keys()].filter((name) => name.startsWith("purge-"))).toEqual([]);
});

test("what a CDN is owed that the site has no more is warned of and given up", async () => {
  memoryCdn("edge").onPurge = () => {
    throw REVOKED;
  };
  await site.push();
  const ctx = testCtx();
  const report = await site.push({ cdns: { other: {} } }, ctx);
  expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "purge-dropped" }));
  expect(report).toMatchObject({ outcome: "unchanged", purges: [{ cdn: "other", outcome: "nothing" }] });
  expect(notesOn("web1")).toEqual([]);
});

test("a target on which the note can't be written is not delivered to", async () => {
  changes.set("web1", (target) => ({
    ...target,
    state: {
      ...target.state,
      async write(name, ...rest) {
        if (name.startsWith("purge-"))
          throw new SmartsyncError("the disk is full", { kind: "config", code: "disk-full" });
        return target.state.write(name, ...rest);
      },
    },
  }));
  expect(await site.push()).toMatchObject({
    outcome: "failed",
    targets: [{ outcome: "failed", uploaded: 0, failure: { code: "disk-full" } }],
    purges: [{ outcome: "nothing" }],
  });
});

describe("a run that is stopped", () => {
  test("while it delivers sends no purge, keeps its note and says so", async () => {
    const stop = new AbortController();
    changes.set("web1", (target) => ({
      ...target,
      async put(file, body, ctx) {
        const result = await target.put(file, body, ctx);
        if (file.path.endsWith("c.html")) stop.abort();
        return result;
      },
    }));
    const ctx = testCtx({ signal: stop.signal });
    const report = await site.push({}, ctx);
    expect(report).toMatchObject({ outcome: "aborted", purges: [{ outcome: "failed", failure: { kind: "aborted" } }] });
    expect(purgedBy("edge")).toEqual([]);
    expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "purge-outstanding" }));
    expect(notesOn("web1").map(({ cdns }) => cdns)).toEqual([{ edge: Object.keys(FIRST) }]);
    changes.clear();
    expect(await site.push()).toMatchObject({ outcome: "done", purges: [{ changed: 5, madeGood: [report.run] }] });
  });

  test("while it purges ends soon, and the next one purges the rest", async () => {
    const stop = new AbortController();
    memoryCdn("edge").onPurge = async () => {
      stop.abort();
      await Promise.reject(new DOMException("stopped", "AbortError"));
    };
    const ctx = testCtx({ signal: stop.signal });
    expect((await site.push({}, ctx)).outcome).toBe("aborted");
    expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "purge-outstanding" }));
    expect(notesOn("web1")).toHaveLength(1);
  });
});

describe("what a purge costs", () => {
  const price = { usdPerItem: 0.5, freePerMonth: 4 };

  test("is told, and counted for the month, request by request", async () => {
    memoryCdn("edge").rules = { ...PLAIN_RULES, kinds: { exact: { perRequest: 2 } }, price };
    const ctx = testCtx({ clock: at(Date.UTC(2031, 0, 31, 12)) });
    const month = monthOf(ctx.clock.now());
    const used: unknown[] = [];
    const emit: typeof ctx.emit = (event) => {
      if (event.type === "purge-sent") used.push(site.state.purgeUsage.of("edge", month).items);
    };
    expect(await site.push({}, { ...ctx, emit })).toMatchObject({ purges: [{ items: 5, usd: 0.5 }] });
    expect(used).toEqual([2, 4, 5]);
    expect(site.state.purgeUsage.of("edge", month)).toEqual({ items: 5, usd: 0.5 });
    site.publish({ ...FIRST, ...SAME });
    expect(await site.push({}, { ...ctx, emit })).toMatchObject({ purges: [{ items: 5, usd: 2.5 }] });
    expect(site.state.purgeUsage.of("edge", monthOf(Date.UTC(2031, 1, 1)))).toEqual({ items: 0, usd: 0 });
  });

  test.each([
    ["wait", "waiting", [], [{ edge: Object.keys(FIRST) }]],
    ["skip", "skipped", [], []],
    ["everything", "done", ["everything"], []],
  ] as const)("beyond the budget: %s", async (over, outcome, purged, owed) => {
    const everything = { perRequest: 1 };
    memoryCdn("edge").rules = { ...PLAIN_RULES, kinds: { exact: { perRequest: 2 }, everything }, price };
    const ctx = testCtx();
    const report = await site.push({ cdns: { edge: { tolerance: { usd: 9 }, budget: { usd: 0.2, over } } } }, ctx);
    expect(report).toMatchObject({ outcome: "done", purges: [{ outcome }] });
    expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "purge-budget" }));
    expect(purgedBy("edge")).toEqual(purged);
    expect(notesOn("web1").map(({ cdns }) => cdns)).toEqual(owed);
  });
});

test("the day's quota is asked for only where there is one, and that nobody can tell is a warning", async () => {
  let asked = 0;
  memoryCdn("edge").quota = async () => {
    asked++;
    throw REVOKED;
  };
  expect((await site.push()).outcome).toBe("done");
  expect(asked).toBe(0);
  memoryCdn("edge").rules = { ...PLAIN_RULES, kinds: { exact: { perRequest: 30, perDay: 100 } } };
  site.publish({ ...FIRST, ...SAME });
  const ctx = testCtx();
  expect((await site.push({}, ctx)).outcome).toBe("done");
  expect(asked).toBe(1);
  expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", code: "purge-quota-unknown" }));
});
