import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rollBack } from "../../../src/deploy/rollback.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import type { Release, Target } from "../../../src/targets/target.ts";
import { memoryCdn, purgedBy } from "../../doubles/memory-cdn.ts";
import type { MemoryFile } from "../../doubles/memory-target.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { changes } from "../memory-registry.ts";
import { DEAD_OWNER } from "../try-staged.ts";
import { makePurgedSite, notesOn, ORIGIN, type PurgedSite, pageOf, server, visit } from "./purged-site.ts";

vi.mock("../../../src/targets/index.ts", () => import("../memory-registry.ts"));
vi.mock("../../../src/cdns/index.ts", () => import("../../doubles/memory-cdn.ts"));

const FIRST = { "index.html": "古い", "会社/古い.html": "消える", "画像.svg": "同じ" };
const SECOND = { "index.html": "新しい", "会社/新着.html": "増える", "画像.svg": "同じ" };
const PAGES = ["/", "/index.html", "/会社/古い.html", "/会社/新着.html", "/画像.svg"];
const CHANGED = PAGES.slice(0, -1).map((page) => new URL(page, ORIGIN).href);
const LOST = new SmartsyncError("the connection was lost", { kind: "config", code: "connection-lost" });

const kept = new Map<string, Map<string, MemoryFile>>();
let current: string | undefined;

/** A target that keeps what the test has put by as releases. */
function keepsReleases(target: Target, switched = () => {}): Target {
  return {
    ...target,
    releases: {
      list: async (): Promise<Release[]> => {
        return [...kept.keys()].toReversed().map((name) => ({ name, current: name === current }));
      },
      async switchTo(name) {
        const { files } = server("web1");
        files.clear();
        for (const [path, file] of kept.get(name) ?? []) files.set(path, file);
        current = name;
        switched();
      },
      conversion: async () => undefined,
    },
  };
}

let site: PurgedSite;
const runs: string[] = [];
beforeEach(async () => {
  site = makePurgedSite();
  kept.clear();
  runs.length = 0;
  changes.set("web1", keepsReleases);
  for (const files of [FIRST, SECOND]) {
    site.publish(files);
    const { run } = await site.push();
    kept.set(run, new Map(server("web1").files));
    current = run;
    runs.push(run);
  }
  for (const page of PAGES) visit("edge", "web1", page);
  memoryCdn("edge").batches.length = 0;
});
afterEach(() => site[Symbol.dispose]());

async function rollback(ctx = testCtx()) {
  return rollBack({ site: "corporate", targets: ["web1"] }, { ...(await site.deps()), approve: async () => true }, ctx);
}

test("a rollback purges what is another page then, and nothing else", async () => {
  const report = await rollback();
  expect(report).toMatchObject({
    outcome: "done",
    targets: [{ outcome: "done" }],
    purges: [{ outcome: "done", changed: 3, of: 3 }],
  });
  expect([...purgedBy("edge")].sort()).toEqual([...CHANGED].sort());
  for (const page of PAGES) expect(visit("edge", "web1", page)).toBe(pageOf("web1", page));
  expect(pageOf("web1", "/")).toBe("古い");
  expect(notesOn("web1")).toEqual([]);
});

test("the note is there before the switch, and a purge that fails is made good by the next run", async () => {
  const seen: unknown[] = [];
  changes.set("web1", (target) => keepsReleases(target, () => seen.push(...notesOn("web1").map(({ cdns }) => cdns))));
  memoryCdn("edge").onPurge = () => {
    throw LOST;
  };
  const report = await rollback();
  expect(report).toMatchObject({ outcome: "partial", purges: [{ outcome: "failed" }] });
  expect(seen).toEqual([{ edge: expect.arrayContaining(["index.html", "会社/古い.html", "会社/新着.html"]) }]);
  memoryCdn("edge").onPurge = () => undefined;
  site.publish(FIRST);
  expect(await site.push()).toMatchObject({
    outcome: "unchanged",
    purges: [{ outcome: "done", madeGood: [report.run] }],
  });
  for (const page of PAGES) expect(visit("edge", "web1", page)).toBe(pageOf("web1", page));
});

test("killed right after the switch, the next run of another machine purges it", async () => {
  const dead = (target: Target): Target => {
    let isDead = false;
    const through = keepsReleases(target, () => {
      isDead = true;
      throw LOST;
    });
    const dies = async (): Promise<never> => {
      throw LOST;
    };
    const { state } = target;
    return {
      ...through,
      state: {
        ...state,
        write: (...call) => (isDead ? dies() : state.write(...call)),
        remove: (...call) => (isDead ? dies() : state.remove(...call)),
        dropLock: (...call) => (isDead ? dies() : state.dropLock(...call)),
        readLock: (...call) => (isDead ? dies() : state.readLock(...call)),
      },
    };
  };
  changes.set("web1", dead);
  memoryCdn("edge").onPurge = () => {
    throw LOST;
  };
  expect((await rollback()).outcome).toBe("failed");
  for (const page of PAGES) visit("edge", "web1", page);
  memoryCdn("edge").onPurge = () => undefined;
  changes.set("web1", keepsReleases);
  server("web1").lock = DEAD_OWNER;
  site.forget();
  await site.push();
  expect(pageOf("web1", "/")).toBe("新しい");
  for (const page of PAGES) expect(visit("edge", "web1", page)).toBe(pageOf("web1", page));
  expect(notesOn("web1")).toEqual([]);
});
