import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DeployEvent } from "../../../src/core/events.ts";
import type { Release, Target } from "../../../src/targets/target.ts";
import { memoryCdn, purgedBy } from "../../doubles/memory-cdn.ts";
import type { MemoryFile } from "../../doubles/memory-target.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { changes } from "../memory-registry.ts";
import { makePurgedSite, type PurgedSite, pageOf, type Setting, server } from "./purged-site.ts";

vi.mock("../../../src/targets/index.ts", () => import("../memory-registry.ts"));
vi.mock("../../../src/cdns/index.ts", () => import("../../doubles/memory-cdn.ts"));

const PAGES = ["/", "/会社/", "/画像.svg"];

/** The CDN as visitors see it: it gives what it keeps, and keeps what it was given. */
let edge: Server;
let url: string;
/** Addresses that it goes on keeping, whatever it is asked to drop, until so many purges have come. */
const stuck = new Map<string, string>();
let stuckUntil = Number.POSITIVE_INFINITY;

let site: PurgedSite;
beforeEach(async () => {
  site = makePurgedSite();
  stuck.clear();
  stuckUntil = Number.POSITIVE_INFINITY;
  edge = createServer((request, response) => {
    const path = request.url ?? "/";
    const content = answer(path);
    response.writeHead(content === "404" ? 404 : 200).end(content);
  }).listen(0, "127.0.0.1");
  await once(edge, "listening");
  const address = edge.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return () => edge.close();
});
afterEach(() => site[Symbol.dispose]());

function answer(path: string): string {
  const kept = memoryCdn("edge").batches.length < stuckUntil ? stuck.get(path) : undefined;
  if (kept !== undefined) return kept;
  const { cache } = memoryCdn("edge");
  const fresh = cache.get(`${url}${path}`) ?? pageOf("web1", decodeURI(path));
  cache.set(`${url}${path}`, fresh);
  return fresh;
}

function setting(check: object = {}, targets: Record<string, object> = { web1: {} }): Setting {
  return {
    targets,
    cdns: { edge: { baseUrls: [`${url}/`] } },
    site: { check: { privateNetworks: true, within: "1s", ...check } },
  };
}

/** Delivers the site and lets visitors fill the cache; then the next version is there to be delivered. */
async function deliverFirst(more?: Setting): Promise<string> {
  site.publish({ "index.html": "古い", "会社/index.html": "古い", "画像.svg": "同じ" });
  const { run } = await site.push(more ?? setting());
  for (const page of PAGES) answer(encodeURI(page));
  site.publish({ "index.html": "新しい", "会社/index.html": "新しい", "画像.svg": "同じ" });
  memoryCdn("edge").batches.length = 0;
  return run;
}

test("a delivery says after how long visitors saw it", async () => {
  await deliverFirst();
  const report = await site.push(setting());
  expect(report).toMatchObject({
    outcome: "done",
    purges: [{ outcome: "done", check: { outcome: "fresh", urls: 2 } }],
  });
  expect(report.purges?.[0]?.check?.freshAfter).toBeGreaterThanOrEqual(0);
  expect(answer("/")).toBe("新しい");
});

test("a page that visitors don't see in time makes the run partial, and says who gives what", async () => {
  await deliverFirst();
  stuck.set("/", "古い");
  const { outcome, purges } = await site.push(setting());
  expect(outcome).toBe("partial");
  expect(purges?.[0]).toMatchObject({ outcome: "done", check: { outcome: "stale", urls: 2, remedy: "warned" } });
  expect(purges?.[0]?.check?.wrong).toEqual([
    { url: `${url}/`, where: "edge", why: "other content than was delivered" },
  ]);
});

test("it is purged once more where the site says so", async () => {
  await deliverFirst();
  stuck.set("/", "古い");
  stuckUntil = 2;
  const report = await site.push(setting({ onFailure: "purge" }));
  expect(report).toMatchObject({ outcome: "done", purges: [{ check: { outcome: "fresh", remedy: "purged-again" } }] });
  expect(memoryCdn("edge").batches.map(({ batch }) => batch.key)).toEqual([
    `${report.run}-edge-1`,
    `${report.run}-edge-again1-1`,
  ]);
});

test("targets without releases can't be rolled back, and that is said", async () => {
  await deliverFirst();
  stuck.set("/", "古い");
  const report = await site.push(setting({ onFailure: "rollback" }));
  expect(report).toMatchObject({ outcome: "partial", purges: [{ check: { outcome: "stale", remedy: "warned" } }] });
  expect(pageOf("web1", "/")).toBe("新しい");
});

test("targets with releases are rolled back, as a run of their own, and purged of that too", async () => {
  const kept = new Map<string, Map<string, MemoryFile>>();
  let current: string | undefined;
  changes.set("web1", (target: Target) => ({
    ...target,
    releases: {
      list: async (): Promise<Release[]> =>
        [...kept.keys()].toReversed().map((name) => ({ name, current: name === current })),
      async switchTo(name) {
        const { files } = server("web1");
        files.clear();
        for (const [path, file] of kept.get(name) ?? []) files.set(path, file);
        current = name;
      },
      conversion: async () => undefined,
    },
    async [Symbol.asyncDispose]() {
      // What was delivered is a release from then on.
      const [last] = site.state.runs.list({ limit: 1 });
      if (last !== undefined && last.trigger === "push" && !kept.has(last.id)) {
        kept.set(last.id, new Map(server("web1").files));
        current = last.id;
      }
      await target[Symbol.asyncDispose]();
    },
  }));
  const keeping = setting({ onFailure: "rollback" }, { web1: { releases: true } });
  const first = await deliverFirst(keeping);
  stuck.set("/", "何か別のもの");
  // The release of the run under way is there before it is looked at.
  memoryCdn("edge").onPurge = ({ key }) => {
    const run = key.slice(0, key.indexOf("-edge"));
    if (!kept.has(run)) kept.set(run, new Map(server("web1").files));
    current ??= run;
    if (current === first) current = run;
    return undefined;
  };
  const report = await site.push(keeping);
  expect(report).toMatchObject({
    outcome: "partial",
    purges: [{ check: { outcome: "stale", remedy: "rolled-back" } }],
  });
  expect(pageOf("web1", "/")).toBe("古い");
  expect(site.state.runs.list({}).map(({ trigger }) => trigger)).toEqual(["rollback", "push", "push"]);
  expect(purgedBy("edge").length).toBeGreaterThan(3);
  stuck.clear();
  expect(answer("/")).toBe("古い");
});

test("whoever stops while it is looked at has a purge that was accepted", async () => {
  await deliverFirst();
  stuck.set("/", "古い");
  const stop = new AbortController();
  const ctx = testCtx({ signal: stop.signal });
  const told = {
    ...ctx,
    emit: (event: DeployEvent) => void (event.type === "checking" ? stop.abort() : ctx.emit(event)),
  };
  const { purges } = await site.push(setting({ within: "2h" }), { ...ctx, ...told });
  expect(purges).toMatchObject([{ outcome: "done" }]);
  expect(purges?.[0]).not.toHaveProperty("check");
});
