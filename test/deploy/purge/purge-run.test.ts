import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makePlans } from "../../../src/deploy/make-plans.ts";
import { type PurgeJob, type PurgeWhat, purgeSite } from "../../../src/deploy/purge/purge-run.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { memoryCdn, PLAIN_RULES, purgedBy } from "../../doubles/memory-cdn.ts";
import { type TestCtx, testCtx } from "../../doubles/test-ctx.ts";
import { changes } from "../memory-registry.ts";
import { makePurgedSite, notesOn, ORIGIN, type PurgedSite, server, visit } from "./purged-site.ts";

vi.mock("../../../src/targets/index.ts", () => import("../memory-registry.ts"));
vi.mock("../../../src/cdns/index.ts", () => import("../../doubles/memory-cdn.ts"));

const FILES = { "index.html": "1", "会社/沿革.html": "1", "会社/社史.html": "1", "news/a.html": "1", "画像.svg": "1" };
const REVOKED = new SmartsyncError("the token was revoked", { kind: "auth", code: "credentials-wrong" });
const address = (path: string) => new URL(path, ORIGIN).href;

let site: PurgedSite;
let delivered: string;
beforeEach(async () => {
  site = makePurgedSite();
  site.publish(FILES);
  await site.push();
  site.publish({ ...FILES, "会社/社史.html": "2" });
  delivered = (await site.push()).run;
  memoryCdn("edge").batches.length = 0;
});
afterEach(() => site[Symbol.dispose]());

async function purge(what: PurgeWhat, more: Partial<PurgeJob> = {}, ctx: TestCtx = testCtx()) {
  return purgeSite({ site: "corporate", what, dryRun: false, ...more }, await site.deps(), ctx);
}

test.each<[string, string[], string[]]>([
  ["a path", ["/会社/沿革.html"], ["/会社/沿革.html"]],
  ["a path without its slash", ["画像.svg"], ["/画像.svg"]],
  ["a folder", ["/会社/"], ["/会社/沿革.html", "/会社/社史.html"]],
  ["a pattern", ["/news/*.html"], ["/news/a.html"]],
  ["an address", [address("/会社/沿革.html")], ["/会社/沿革.html"]],
  ["an address that ends in a slash", [`${ORIGIN}/`], ["/", "/index.html"]],
  ["a path that is no file of the site", ["/old/消えた.html"], ["/old/消えた.html"]],
  ["an empty folder", ["/gone/"], ["/gone/", "/gone/index.html"]],
])("%s can be purged by hand", async (_what, paths, purged) => {
  memoryCdn("edge").rules = { ...PLAIN_RULES, kinds: { exact: { perRequest: 30 } } };
  const report = await purge({ paths });
  expect([...purgedBy("edge")].sort()).toEqual(expect.arrayContaining(purged.map(address).sort()));
  expect(report).toMatchObject({ outcome: "done", targets: [], purges: [{ outcome: "done" }] });
  expect(site.state.runs.list({})[0]).toMatchObject({ trigger: "purge", targets: [], purges: report.purges });
  expect(notesOn("web1")).toEqual([]);
});

test.each([
  ["a pattern that matches nothing", "/nothing/*.html"],
  ["another site's address", "https://example.com/index.html"],
  ["an address with a query", `${ORIGIN}/?page=2`],
  ["a path that leads out of the site", "/../secret"],
])("%s is refused before anything is asked", async (_what, text) => {
  await expect(purge({ paths: [text] })).rejects.toMatchObject({ kind: "config", code: "purge-path-unknown" });
  expect(purgedBy("edge")).toEqual([]);
  expect(notesOn("web1")).toEqual([]);
});

test("what a run changed is purged by its name, or how that begins", async () => {
  await purge({ run: delivered });
  expect(purgedBy("edge")).toEqual([address("/会社/社史.html")]);
  await expect(purge({ run: "2001" })).rejects.toMatchObject({ kind: "config", code: "run-unknown" });
});

test("everything is purged on request, and what earlier runs owe is made good with it", async () => {
  const owing = await owe();
  expect(await purge({ all: true })).toMatchObject({ purges: [{ outcome: "done", changed: 5, madeGood: [owing] }] });
  expect(purgedBy("edge")).toEqual(["everything"]);
  expect(notesOn("web1")).toEqual([]);
});

test("what earlier runs owe is purged without a delivery; where nothing is owed, nothing is", async () => {
  const owing = await owe();
  expect(await purge({ outstanding: true })).toMatchObject({
    outcome: "done",
    purges: [{ outcome: "done", changed: 1, madeGood: [owing] }],
  });
  expect(await purge({ outstanding: true })).toMatchObject({ outcome: "unchanged", purges: [{ outcome: "nothing" }] });
});

/** A delivery whose purge fails. */
async function owe(): Promise<string> {
  memoryCdn("edge").onPurge = () => {
    throw REVOKED;
  };
  site.publish({ ...FILES, "会社/社史.html": "3" });
  const { run } = await site.push();
  memoryCdn("edge").onPurge = () => undefined;
  return run;
}

test("a purge by hand that fails is owed, and made good by the next delivery", async () => {
  memoryCdn("edge").onPurge = () => {
    throw REVOKED;
  };
  const report = await purge({ paths: ["/会社/"] });
  expect(report).toMatchObject({ outcome: "failed", purges: [{ failure: { code: "credentials-wrong" } }] });
  expect(notesOn("web1").map(({ cdns }) => cdns)).toEqual([{ edge: ["会社/沿革.html", "会社/社史.html"] }]);
  memoryCdn("edge").onPurge = () => undefined;
  expect(await site.push()).toMatchObject({
    outcome: "unchanged",
    purges: [{ outcome: "done", madeGood: [report.run] }],
  });
  expect(notesOn("web1")).toEqual([]);
});

test("where no target can be reached it is purged all the same, with a warning", async () => {
  changes.set("web1", () => {
    throw new SmartsyncError("the server is down", { kind: "config", code: "down" });
  });
  const ctx = testCtx();
  expect(await purge({ paths: ["/index.html"] }, {}, ctx)).toMatchObject({ outcome: "done" });
  const codes = ctx.events.flatMap((event) => (event.type === "warning" ? [event.code] : []));
  expect(codes).toEqual(["purge-target-unseen", "purge-not-noted"]);
});

test("a dry run shows the requests, and asks, writes and remembers nothing", async () => {
  const before = [...server("web1").states];
  const runs = site.state.runs.list({}).length;
  const report = await purge({ paths: ["/会社/沿革.html"] }, { dryRun: true });
  expect(report.plans).toMatchObject([{ cdn: "edge", plan: { items: 1, changed: 1, of: 5, reason: "exact" } }]);
  expect(report.plans?.[0]?.plan.batches).toHaveLength(1);
  expect(purgedBy("edge")).toEqual([]);
  expect([...server("web1").states]).toEqual(before);
  expect(site.state.runs.list({})).toHaveLength(runs);
});

test("a plan of a delivery says what would be purged, with what earlier runs owe", async () => {
  await owe();
  site.publish({ ...FILES, "会社/社史.html": "3", "index.html": "4" });
  const { purges } = await makePlans({ site: "corporate", trigger: "plan" }, await site.deps(), testCtx());
  expect(purges).toMatchObject([{ cdn: "edge", plan: { changed: 2, of: 5 } }]);
  expect(purgedBy("edge")).toEqual([]);
});

test("a new page is purged by its address, whatever its tags: a cached 404 bears none", async () => {
  const cdns = { edge: { tags: [{ tag: "news", match: "/news/**" }] } };
  const rules = {
    ...PLAIN_RULES,
    kinds: { exact: { perRequest: 1 }, tag: { perRequest: 10 }, everything: { perRequest: 1 } },
  };
  const old = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`news/${n}.html`, "1"]));
  site.publish({ "index.html": "1", ...old });
  await site.push({ cdns });
  memoryCdn("edge").rules = rules;
  memoryCdn("edge").batches.length = 0;
  expect(visit("edge", "web1", "/news/新着.html")).toBe("404");
  site.publish({
    "index.html": "1",
    ...Object.fromEntries(Object.keys(old).map((path) => [path, "2"])),
    "news/新着.html": "1",
  });
  const deps = await site.deps({ cdns });
  const { purges } = await makePlans({ site: "corporate", trigger: "plan" }, deps, testCtx());
  await site.push({ cdns });
  expect([...purgedBy("edge")].sort()).toEqual([address("/news/新着.html"), "tag news"].sort());
  expect(purges[0]?.plan.batches.flat()).toHaveLength(2);
  expect(visit("edge", "web1", "/news/新着.html")).toBe("1");
});
