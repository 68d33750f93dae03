import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cdn, PurgeBatch } from "../../src/cdns/cdn.ts";
import type { DeployEvent } from "../../src/core/events.ts";
import { ITEM_KINDS, type ItemKind, type PurgeItem } from "../../src/core/purge-rules.ts";
import { beginTimes, fitsBucket } from "../cdns/begin-times.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";

/** How a provider goes wrong. "cut" breaks the line after the request was carried out. */
export type Break = "429" | "429-with-retry-after" | "500" | "cut" | "401";

/** A strict stand-in for a provider: it checks signature, body and limits as the provider does. */
export interface CdnFake extends AsyncDisposable {
  /** Requests that were rightly signed, in order. */
  readonly seen: readonly unknown[];
  /** What it was asked to drop and accepted, in its own words. */
  purged(): readonly string[];
  /** Lets the next requests go wrong. */
  break(how: Break, times: number): void;
}

/** A CDN and the provider behind it. */
export interface CdnSetting {
  open(): Promise<Cdn>;
  /** So many different legal items of a kind, Japanese ones among them. */
  items(kind: ItemKind, count: number): PurgeItem[];
  readonly fake: CdnFake;
  /** Nothing of these may ever be told. */
  readonly secrets?: readonly string[];
}

/** Beyond this a full request is no longer worth its time. */
const LARGE = 5_000;

/** What every CDN promises, whichever provider it is. */
export function testCdn(name: string, setup: () => Promise<CdnSetting>): void {
  describe(`${name} as a CDN`, () => {
    let setting: CdnSetting;
    let cdn: Cdn;
    beforeEach(async () => {
      setting = await setup();
      cdn = await setting.open();
    });
    afterEach(async () => {
      await cdn[Symbol.asyncDispose]();
      await setting.fake[Symbol.asyncDispose]();
    });

    const kinds = () => ITEM_KINDS.filter((kind) => cdn.rules.kinds[kind] !== undefined);
    const some = (count = 1): PurgeBatch => {
      const [kind = "exact"] = kinds();
      return { key: "20261122T174501-3f9a2c71-edge-1", items: setting.items(kind, count) };
    };

    test("its rules are such that something can be planned by them", () => {
      expect(kinds().length).toBeGreaterThan(0);
      for (const kind of kinds()) {
        const { perRequest = 0, atOnce = perRequest, pace, itemPace } = cdn.rules.kinds[kind] ?? {};
        expect(perRequest).toBeGreaterThanOrEqual(1);
        expect(atOnce).toBeGreaterThanOrEqual(1);
        for (const each of [pace, itemPace, cdn.rules.pace]) {
          if (each === undefined) continue;
          expect(each.burst).toBeGreaterThanOrEqual(1);
          expect(each.perSecond).toBeGreaterThan(0);
        }
      }
    });

    test("as fast as its rules allow, 10,000 items keep within every rate in them", async () => {
      const { rules } = cdn;
      for (const kind of kinds()) {
        const { perRequest = 1, pace, itemPace } = rules.kinds[kind] ?? {};
        const size = Math.min(perRequest, rules.perRequest ?? perRequest, itemPace?.burst ?? perRequest, 1_000);
        const batches = Array<PurgeItem[]>(Math.ceil(10_000 / size)).fill(setting.items(kind, size));
        const begun = await beginTimes(rules, batches);
        for (const rate of [pace, rules.pace]) {
          const takes = begun.map((at) => [at, 1] as const);
          if (rate !== undefined) expect(fitsBucket(takes, rate.burst, rate.perSecond)).toBe(true);
        }
        const takes = begun.map((at) => [at, size] as const);
        if (itemPace !== undefined) expect(fitsBucket(takes, itemPace.burst, itemPace.perSecond)).toBe(true);
      }
    });

    test("one item of each kind is dropped", async () => {
      for (const [at, kind] of kinds().entries()) {
        const before = setting.fake.purged().length;
        const receipt = await cdn.purge({ key: `run-edge-${at}`, items: setting.items(kind, 1) }, testCtx());
        expect(receipt.refused ?? []).toEqual([]);
        expect(setting.fake.purged().length).toBeGreaterThan(before);
      }
    });

    test("a full request is accepted, and one item more is not", async () => {
      for (const [at, kind] of kinds().entries()) {
        const { perRequest = 1, maxBytes } = cdn.rules.kinds[kind] ?? {};
        if (perRequest > LARGE || kind === "everything") continue;
        const items = fitting(setting.items(kind, perRequest), maxBytes);
        const receipt = await cdn.purge({ key: `run-edge-${at}`, items }, testCtx());
        expect(receipt.refused ?? []).toEqual([]);
        expect(setting.fake.purged().length).toBeGreaterThanOrEqual(items.length);
        const before = setting.fake.purged().length;
        const tooMany = { key: `run-edge-${at}-more`, items: setting.items(kind, perRequest + 1) };
        await expect(cdn.purge(tooMany, testCtx())).rejects.toThrow();
        expect(setting.fake.purged()).toHaveLength(before);
      }
    });

    test("the same batch twice does no harm", async () => {
      const first = await cdn.purge(some(), testCtx());
      const second = await cdn.purge(some(), testCtx());
      expect([first.refused ?? [], second.refused ?? []]).toEqual([[], []]);
    });

    test.each(["429", "429-with-retry-after", "500", "cut"] as const)("%s is waited out, and told", async (how) => {
      setting.fake.break(how, 3);
      const ctx = patientCtx();
      const { refused = [] } = await cdn.purge(some(), ctx);
      expect(refused).toEqual([]);
      expect(setting.fake.purged().length).toBeGreaterThan(0);
      expect(retriesOf(ctx).length).toBeGreaterThanOrEqual(3);
      expect(retriesOf(ctx)[0]).toMatchObject({ target: "edge", attempt: 1 });
      expect(retriesOf(ctx).every(({ waitSeconds }) => waitSeconds > 0)).toBe(true);
    });

    test("that nothing but failures comes back ends the patience, as transient", async () => {
      setting.fake.break("500", 1_000);
      const ctx = patientCtx();
      await expect(cdn.purge(some(), ctx)).rejects.toMatchObject({ kind: "transient" });
      expect(ctx.clock.now()).toBeGreaterThan(60_000);
    });

    test("a key that counts no more ends the call at once, with what to do", async () => {
      setting.fake.break("401", 1_000);
      const error = await cdn.purge(some(), patientCtx()).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: "auth", hint: expect.any(String) });
      expect(setting.fake.purged()).toEqual([]);
    });

    test("a stop ends it within a second, however long it was to wait", async () => {
      setting.fake.break("500", 1_000);
      const stop = new AbortController();
      const call = cdn.purge(some(), testCtx({ signal: stop.signal }));
      setTimeout(() => stop.abort(), 50);
      const startedAt = performance.now();
      await expect(call).rejects.toMatchObject({ kind: "aborted" });
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });

    test("no secret is told, whatever happens", async () => {
      const ctx = patientCtx();
      const told: unknown[] = [await cdn.purge(some(), ctx)];
      setting.fake.break("500", 1);
      setting.fake.break("401", 1_000);
      const error = await cdn.purge(some(), ctx).catch((thrown: unknown) => thrown);
      told.push(error instanceof Error ? [error.message, { ...error, cause: undefined }] : error, ctx.events);
      const text = JSON.stringify(told);
      for (const secret of setting.secrets ?? []) expect(text).not.toContain(secret);
    });
  });
}

/** As many of the items as one request may have bytes. */
function fitting(items: PurgeItem[], max: { request: number; empty: number; perItem: number } | undefined) {
  if (max === undefined) return items;
  let bytes = max.empty;
  return items.filter((item) => {
    const text = item.kind === "tag" ? item.tag : `${item.origin ?? ""}${"path" in item ? item.path : ""}`;
    bytes += Buffer.byteLength(text) + max.perItem;
    return bytes <= max.request;
  });
}

/** A context whose clock does not wait: it is later at once. */
function patientCtx(): TestCtx {
  let now = 1_000;
  const clock = {
    now: () => now,
    async sleep(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      now += ms;
    },
  };
  return testCtx({ clock });
}

function retriesOf({ events }: TestCtx): Extract<DeployEvent, { type: "retry" }>[] {
  return events.filter((event) => event.type === "retry");
}
