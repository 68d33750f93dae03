import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import { everyFault, type Fault, type Faults, layFaults } from "../../doubles/faulty-target.ts";
import { memoryCdn, memoryCdns, purgedBy } from "../../doubles/memory-cdn.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { changes, servers } from "../memory-registry.ts";
import { DEAD_OWNER } from "../try-staged.ts";
import { makePurgedSite, notesOn, ORIGIN, type PurgedSite, pageOf, type Setting, visit } from "./purged-site.ts";

vi.mock("../../../src/targets/index.ts", () => import("../memory-registry.ts"));
vi.mock("../../../src/cdns/index.ts", () => import("../../doubles/memory-cdn.ts"));

const BEFORE = {
  "index.html": "古い",
  "会社/沿革.html": "古い",
  "会社/古い.html": "消える",
  "assets/site.css": "old",
  "画像.svg": "同じ",
};
const NEW = {
  "index.html": "新しい",
  "会社/沿革.html": "新しい",
  "会社/新着.html": "増える",
  "assets/site.css": "new",
  "画像.svg": "同じ",
};
const AFTER: Partial<Record<string, string>> = NEW;
const PAGES = ["/", ...new Set([...Object.keys(BEFORE), ...Object.keys(AFTER)].map((path) => `/${path}`))];
const CHANGED = PAGES.filter((page) => page !== "/画像.svg").map((page) => new URL(page, ORIGIN).href);
const LOST = new SmartsyncError("the connection was lost", { kind: "config", code: "connection-lost" });

let site: PurgedSite;
beforeEach(() => {
  site = makePurgedSite();
});
afterEach(() => site[Symbol.dispose]());

const SETTINGS: Record<string, Setting> = {
  "file by file": { targets: { web1: {}, web2: {} } },
  "to a bucket alone": { targets: { bucket: { bucket: "s3" } } },
  staged: { targets: { web1: {}, web2: {} }, site: { publish: "staged" } },
  "together, one of them a bucket": { targets: { web1: {}, web2: { bucket: "s3" } }, site: { publish: "together" } },
};

/** Everybody looks at every page: whatever is there now, the CDN keeps from now on. It reads from all targets. */
function everybodyVisits(): void {
  for (const page of PAGES) for (const target of servers.keys()) visit("edge", target, page);
}

/** The site as it was, delivered, and every page of it in the CDN's cache. */
async function start(setting: Setting): Promise<void> {
  servers.clear();
  changes.clear();
  memoryCdns.clear();
  site.forget();
  site.publish(BEFORE);
  await site.push(setting);
  everybodyVisits();
  memoryCdn("edge").batches.length = 0;
  site.publish(NEW);
}

/** Delivers the new site with these faults, and with visitors at every moment that anything is told. */
async function pushWith(faults: Faults, setting: Setting, purge?: "fails" | "loses the answer"): Promise<void> {
  for (const target of servers.keys()) changes.set(target, (open) => faults.on(open));
  const edge = memoryCdn("edge");
  edge.onPurge = (batch) => {
    if (isDead(faults) || purge === "fails") throw LOST;
    if (purge === undefined) return undefined;
    edge.cache.clear();
    edge.batches.push({ batch, at: 0 });
    throw LOST;
  };
  const ctx = testCtx();
  const emit: typeof ctx.emit = (event) => {
    ctx.emit(event);
    everybodyVisits();
  };
  await site.push(setting, { ...ctx, emit }).catch(() => undefined);
  everybodyVisits();
}

const isDead = ({ fired }: Faults) => [...fired].some(({ forGood }) => forGood);

/** Another machine runs the same command, with nothing in its way. */
async function pushElsewhere(setting: Setting) {
  changes.clear();
  memoryCdn("edge").onPurge = () => undefined;
  for (const server of servers.values()) if (server.lock !== undefined) server.lock = DEAD_OWNER;
  site.forget();
  memoryCdn("edge").batches.length = 0;
  return site.push(setting);
}

function expectFresh(when: string): void {
  for (const page of PAGES) {
    const there = AFTER[page === "/" ? "index.html" : page.slice(1)] ?? "404";
    for (const target of servers.keys()) {
      expect(pageOf(target, page), `${when}: ${page} on ${target}`).toBe(there);
      expect(visit("edge", target, page), `${when}: ${page}`).toBe(there);
    }
  }
  expect([...servers.keys()].flatMap(notesOn), `${when}: notes`).toEqual([]);
}

describe.each(Object.entries(SETTINGS))("a site delivered %s", (_how, setting) => {
  test.each([
    ["killed", true],
    ["that fails", false],
  ])("at every step %s, the next run of any machine leaves no visitor an old page", async (_what, forGood) => {
    await start(setting);
    const count = layFaults();
    await pushWith(count, setting);
    expectFresh("nothing failed");
    const faults = everyFault(count.made, LOST).map((fault): Fault => ({ ...fault, forGood }));
    expect(faults.length).toBeGreaterThan(25);
    for (const fault of faults) {
      const when = `${fault.call} no. ${fault.nth}, ${fault.when}`;
      await start(setting);
      const laid = layFaults([fault]);
      await pushWith(laid, setting);
      expect(laid.fired.has(fault), `${when} fired`).toBe(true);
      await pushElsewhere(setting);
      expectFresh(when);
      for (const address of purgedBy("edge")) expect(CHANGED, when).toContain(address);
    }
  });

  test.each(["fails", "loses the answer"] as const)("and whose purge %s is purged by the next run", async (purge) => {
    await start(setting);
    await pushWith(layFaults(), setting, purge);
    const owing = site.state.runs.list({})[0];
    expect(owing).toMatchObject({ outcome: "partial", purges: [{ outcome: "failed", requests: 0, changed: 5 }] });
    const next = await pushElsewhere(setting);
    expect(next).toMatchObject({
      outcome: "unchanged",
      purges: [{ outcome: "done", changed: 5, madeGood: [owing?.id] }],
    });
    expect([...purgedBy("edge")].sort()).toEqual([...CHANGED].sort());
    expectFresh(purge);
  });
});

test("what nobody could purge for many runs is one note, and is made good at last", async () => {
  const setting: Setting = {};
  site.publish(BEFORE);
  await site.push(setting);
  memoryCdn("edge").onPurge = () => {
    throw LOST;
  };
  const owing: string[] = [];
  for (const text of ["一", "二", "三"]) {
    site.publish({ ...BEFORE, "index.html": text, [`会社/${text}.html`]: text });
    owing.push((await site.push(setting)).run);
    expect(notesOn("web1")).toHaveLength(1);
  }
  expect((await site.push(setting)).outcome).toBe("partial");
  memoryCdn("edge").onPurge = () => undefined;
  memoryCdn("edge").batches.length = 0;
  const { purges } = await site.push(setting);
  expect(purges).toMatchObject([{ outcome: "done", madeGood: [owing.at(-1)] }]);
  const expected = ["/", "/index.html", "/会社/一.html", "/会社/二.html", "/会社/三.html"];
  expect([...purgedBy("edge")].sort()).toEqual(expected.map((page) => new URL(page, ORIGIN).href).sort());
  expect(notesOn("web1")).toEqual([]);
});

test("the note of a run that is at work on the target is left to it", async () => {
  site.publish(BEFORE);
  await site.push();
  site.publish(NEW);
  const gate = Promise.withResolvers<void>();
  changes.set("web1", (target) => ({
    ...target,
    async put(file, body, ctx) {
      await gate.promise;
      return target.put(file, body, ctx);
    },
  }));
  const atWork = site.push();
  await vi.waitFor(() => expect(notesOn("web1")).toHaveLength(1));
  changes.clear();
  memoryCdn("edge").batches.length = 0;
  const other = await site.push();
  expect(other).toMatchObject({ targets: [{ outcome: "locked" }], purges: [{ outcome: "nothing" }] });
  expect(notesOn("web1")).toHaveLength(1);
  gate.resolve();
  expect(await atWork).toMatchObject({ outcome: "done", purges: [{ outcome: "done", changed: 5 }] });
  expect(notesOn("web1")).toEqual([]);
});
