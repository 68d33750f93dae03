import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import type { Target } from "../../../src/targets/target.ts";
import { memoryCdn, purgedBy } from "../../doubles/memory-cdn.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { changes } from "../memory-registry.ts";
import { makePurgedSite, notesOn, ORIGIN, type PurgedSite, pageOf, server, visit } from "./purged-site.ts";

vi.mock("../../../src/targets/index.ts", () => import("../memory-registry.ts"));
vi.mock("../../../src/cdns/index.ts", () => import("../../doubles/memory-cdn.ts"));

const LOST = new SmartsyncError("the connection was lost", { kind: "config", code: "connection-lost" });
const FIRST = { "index.html": "古い", "会社/沿革.html": "古い", "画像.svg": "同じ" };
const SECOND = { "index.html": "新しい", "会社/沿革.html": "新しい", "画像.svg": "同じ" };
const CHANGED = [`${ORIGIN}/`, `${ORIGIN}/index.html`, new URL("/会社/沿革.html", ORIGIN).href];

let site: PurgedSite;
beforeEach(() => {
  site = makePurgedSite();
  site.publish(FIRST);
});
afterEach(() => site[Symbol.dispose]());

const sorted = (texts: readonly string[]) => [...texts].sort();

test("a site without CDNs has no purges, and nothing of them on its targets", async () => {
  const ctx = testCtx();
  const report = await site.push({ cdns: {} }, ctx);
  expect(report).not.toHaveProperty("purges");
  expect(ctx.events.at(-1)).not.toHaveProperty("purges");
  expect(site.state.runs.list({})[0]).not.toHaveProperty("purges");
});

test("what was published is purged, exactly that, and it is in the report, the last event and the history", async () => {
  await site.push();
  memoryCdn("edge").batches.length = 0;
  site.publish(SECOND);
  const ctx = testCtx();
  const report = await site.push({}, ctx);
  expect(sorted(purgedBy("edge"))).toEqual(sorted(CHANGED));
  expect(report).toMatchObject({
    outcome: "done",
    purges: [{ cdn: "edge", outcome: "done", requests: 1, items: 3, changed: 2, dropped: 2, of: 3, ids: ["purge-1"] }],
  });
  expect(ctx.events.at(-1)).toMatchObject({ type: "done", purges: report.purges });
  expect(site.state.runs.list({})[0]?.purges).toEqual(report.purges);
  const types = ctx.events.flatMap(({ type }) => (type.startsWith("purge") || type === "target-done" ? [type] : []));
  expect(types).toEqual(["target-done", "purge-planned", "purge-sent", "purge-done"]);
  expect(notesOn("web1")).toEqual([]);
});

test("files that are gone and files that only got other headers are purged as well", async () => {
  const bucket = { targets: { bucket: { bucket: "s3" } } };
  await site.push(bucket);
  memoryCdn("edge").batches.length = 0;
  site.publish({ "index.html": "古い", "画像.svg": "同じ" });
  await site.push({ ...bucket, site: { headers: [{ match: "*.svg", cacheControl: "max-age=60" }] } });
  expect(sorted(purgedBy("edge"))).toEqual(
    sorted([new URL("/会社/沿革.html", ORIGIN).href, new URL("/画像.svg", ORIGIN).href]),
  );
});

test("before the first file is visible, the note names everything that is planned", async () => {
  await site.push();
  site.publish(SECOND);
  const seen: unknown[] = [];
  changes.set("web1", (target) => ({
    ...target,
    put(file, body, ctx) {
      seen.push(notesOn("web1").map(({ cdns }) => cdns));
      return target.put(file, body, ctx);
    },
  }));
  await site.push();
  expect(seen[0]).toEqual([{ edge: ["index.html", "会社/沿革.html"] }]);
});

describe("with several targets", () => {
  const three = { web1: {}, web2: {}, web3: {} };
  const cdns = { both: { targets: ["web1", "web2"] }, third: { targets: ["web3"] } };

  /** Holds the puts of a target back until it is let go. */
  function hold(name: string): () => void {
    const gate = Promise.withResolvers<void>();
    changes.set(name, (target) => ({
      ...target,
      async put(file, body, ctx) {
        await gate.promise;
        return target.put(file, body, ctx);
      },
    }));
    return gate.resolve;
  }

  test("each CDN is purged once, after the last target that it reads from, without waiting for the others", async () => {
    await site.push({ targets: three, cdns });
    site.publish(SECOND);
    for (const name of ["both", "third"]) memoryCdn(name).batches.length = 0;
    const letGo = { web1: hold("web1"), web2: hold("web2"), web3: hold("web3") };
    const pushed = site.push({ targets: three, cdns });
    const wait = async (until: () => boolean) => vi.waitFor(() => expect(until()).toBe(true));
    letGo.web1();
    await wait(() => pageOf("web1", "/index.html") === "新しい" && server("web1").lock === undefined);
    expect([purgedBy("both"), purgedBy("third")]).toEqual([[], []]);
    letGo.web3();
    await wait(() => purgedBy("third").length > 0);
    expect(purgedBy("both")).toEqual([]);
    letGo.web2();
    const { purges } = await pushed;
    expect(purges?.map(({ cdn, outcome }) => `${cdn} ${outcome}`)).toEqual(["both done", "third done"]);
    for (const name of ["both", "third"]) expect(sorted(purgedBy(name))).toEqual(sorted(CHANGED));
    for (const name of Object.keys(three)) expect(notesOn(name)).toEqual([]);
  });

  test("a target that fails keeps no purge of what the others published", async () => {
    await site.push({ targets: three });
    memoryCdn("edge").batches.length = 0;
    site.publish(SECOND);
    changes.set("web2", (target) => failingPut(target, "index.html"));
    const report = await site.push({ targets: three });
    expect(report).toMatchObject({ outcome: "partial", purges: [{ outcome: "done", changed: 2 }] });
    expect(sorted(purgedBy("edge"))).toEqual(sorted(CHANGED));
    // What was begun on web2 and failed may have become visible after all.
    expect(["web1", "web2", "web3"].map((name) => notesOn(name).map(({ cdns }) => cdns))).toEqual(
      Array.from({ length: 3 }, () => [{ edge: ["index.html"] }]),
    );
    changes.clear();
    memoryCdn("edge").batches.length = 0;
    const next = await site.push({ targets: three });
    expect(next.purges).toMatchObject([{ outcome: "done", madeGood: [report.run] }]);
    expect(["web1", "web2", "web3"].flatMap(notesOn)).toEqual([]);
  });
});

function failingPut(target: Target, path: string): Target {
  return {
    ...target,
    async put(file, body, ctx) {
      if (file.path === path) throw LOST;
      return target.put(file, body, ctx);
    },
  };
}

test("only what was published is purged, not what failed", async () => {
  await site.push();
  memoryCdn("edge").batches.length = 0;
  site.publish(SECOND);
  changes.set("web1", (target) => failingPut(target, "index.html"));
  await site.push();
  expect(purgedBy("edge")).toEqual([new URL("/会社/沿革.html", ORIGIN).href]);
});

test("what was put back is purged all the same: visitors may have been given it in between", async () => {
  const staged = { site: { publish: "staged" } };
  await site.push(staged);
  memoryCdn("edge").batches.length = 0;
  site.publish(SECOND);
  changes.set("web1", (target) => ({
    ...target,
    async stage(run, ctx) {
      const stage = await target.stage?.(run, ctx);
      if (stage === undefined) throw new Error("it stages");
      return {
        ...stage,
        publish: (publishCtx, done) =>
          stage.publish(publishCtx, (change) => {
            done(change);
            visit("edge", "web1", "/会社/沿革.html");
            throw LOST;
          }),
      };
    },
  }));
  const { purges } = await site.push(staged);
  expect(purges).toMatchObject([{ outcome: "done", changed: 1 }]);
  expect(visit("edge", "web1", "/会社/沿革.html")).toBe("古い");
  expect(notesOn("web1")).toEqual([]);
});

test("a CDN whose secret is missing stops the run before anything is touched", async () => {
  const refused = site.push({ cdns: { edge: { token: "${env:NO_SUCH_TOKEN}" } } });
  await expect(refused).rejects.toMatchObject({ kind: "config", code: "secret-unavailable" });
  expect(() => server("web1")).toThrow();
});

test("CDNs are closed in the end", async () => {
  await site.push();
  expect(memoryCdn("edge")).toMatchObject({ opened: 1, closed: 1 });
});
