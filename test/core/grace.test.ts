import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyPlan } from "../../src/core/apply-changes.ts";
import { pathOf } from "../../src/core/change.ts";
import { diff } from "../../src/core/diff.ts";
import { type Grace, graceOf, graceText, isDue, markFiles } from "../../src/core/grace.ts";
import { makePlan, type PlanPolicy } from "../../src/core/make-plan.ts";
import type { NameRules } from "../../src/core/names.ts";
import { parsePlan } from "../../src/core/parse-plan.ts";
import type { Plan } from "../../src/core/plan.ts";
import { hashSnapshot, type RemoteFile, type RemoteSnapshot, type Snapshot } from "../../src/core/snapshot.ts";
import { applyIntent } from "../../src/core/target-records.ts";
import { anyFolding, anyPolicy, anySource, anyTarget, rulesOf } from "./arbitraries.ts";
import { ModelTarget } from "./model-target.ts";
import { local, relPath, remote } from "./snapshots.ts";

const DAY = 86_400_000;
const WEEK: Grace = { amount: 7, unit: "day" };
const EXACT = rulesOf({ foldsCase: false, foldsUnicode: false });

const policy: PlanPolicy = {
  force: false,
  excluded: () => false,
  isPage: (path) => path.endsWith(".html"),
  isProtected: () => false,
  maxDeletePercent: 100,
  maxDeleteCount: 500,
  maxShrinkPercent: 100,
  allow: new Set(["empty-source" as const]),
};

/** The policy of a site with this grace, so many days and generations after the first delivery. */
function withGrace(grace: Grace, day: number, generation = day, more: Partial<PlanPolicy> = {}): PlanPolicy {
  return { ...policy, ...more, grace: { ...grace, now: day * DAY, generation } };
}

function planFor(source: Snapshot, there: RemoteSnapshot, policy: PlanPolicy, names: NameRules = EXACT): Plan {
  const changes = diff(source, there, policy);
  return makePlan({ site: "s", target: "t", local: source, remote: there, changes, policy, names, problems: [] });
}

/** The same target, with these files marked as having left the site on a day. */
function leaving(there: RemoteSnapshot, day: number, ...paths: string[]): RemoteSnapshot {
  const marked = paths.map((path) => {
    const file = there.files.get(relPath(path));
    if (file === undefined) throw new Error(`${path} is not there`);
    return [file.path, { ...file, leaving: { since: day * DAY, generation: day } }] as const;
  });
  return { ...there, files: new Map([...there.files, ...marked]) };
}

/** What a target holds once the plan was carried out on a day. */
function carryOut(there: RemoteSnapshot, plan: Plan, day: number): RemoteSnapshot {
  const mark = { since: day * DAY, generation: day };
  return { files: markFiles(applyPlan(there.files, plan), plan.keeping, mark), state: `${day}:` };
}

function deletions(plan: Plan): string[] {
  return plan.phases.flatMap(({ changes }) => changes.filter(({ kind }) => kind === "delete").map(pathOf));
}

describe("a grace", () => {
  test.each([
    ["7d", { amount: 7, unit: "day" }, "7 days"],
    ["1d", { amount: 1, unit: "day" }, "1 day"],
    ["12h", { amount: 12, unit: "hour" }, "12 hours"],
    ["30m", { amount: 30, unit: "minute" }, "30 minutes"],
    ["3 deliveries", { amount: 3, unit: "delivery" }, "3 deliveries"],
    ["1 delivery", { amount: 1, unit: "delivery" }, "1 delivery"],
  ] as const)("of %s is read and told", (text, grace, told) => {
    expect(graceOf(text)).toEqual(grace);
    expect(graceText(grace)).toBe(told);
  });

  test("has passed once the time or the deliveries are full, not before", () => {
    const mark = { since: 5 * DAY, generation: 5 };
    const at = { ...WEEK, generation: 99 };
    expect(isDue(mark, { ...at, now: 12 * DAY - 1 })).toBe(false);
    expect(isDue(mark, { ...at, now: 12 * DAY })).toBe(true);
    const deliveries = { amount: 3, unit: "delivery", now: 99 * DAY } as const;
    expect(isDue(mark, { ...deliveries, generation: 7 })).toBe(false);
    expect(isDue(mark, { ...deliveries, generation: 8 })).toBe(true);
  });
});

describe("a file that left the site", () => {
  const there = remote({ "index.html": "i", "記事/古い.html": "p", "assets/桜.css": "a", "assets/桜.svg": "b" });
  const source = local({ "index.html": "i" });

  test("is deleted at once without a grace, page or not", () => {
    const plan = planFor(source, there, policy);
    expect(deletions(plan)).toHaveLength(3);
    expect(plan).not.toHaveProperty("keeping");
    expect(plan.totals).not.toHaveProperty("kept");
  });

  test("stays when it is no page, and the plan says so", () => {
    const plan = planFor(source, there, withGrace(WEEK, 1));
    expect(deletions(plan)).toEqual(["記事/古い.html"]);
    expect(plan.keeping).toEqual({ grace: "7 days", begins: ["assets/桜.css", "assets/桜.svg"], ends: [] });
    expect(plan.totals).toMatchObject({ deletes: 1, kept: 2 });
    expect(plan.emptied).toEqual(["記事"]);
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    const outside = { ...plan, keeping: { begins: ["../other.css"], ends: [] } };
    expect(() => parsePlan(outside)).toThrow(/keeping/);
  });

  test("is not mentioned while it stays, and is deleted when that is over", () => {
    const day1 = carryOut(there, planFor(source, there, withGrace(WEEK, 1)), 1);
    const day7 = planFor(source, day1, withGrace(WEEK, 7));
    expect(day7).toMatchObject({ phases: [], totals: { deletes: 0, kept: 2 } });
    expect(day7).not.toHaveProperty("keeping");
    const day8 = planFor(source, day1, withGrace(WEEK, 8));
    expect(deletions(day8)).toEqual(["assets/桜.css", "assets/桜.svg"]);
    expect(day8.emptied).toEqual(["assets"]);
    expect(day8.totals).not.toHaveProperty("kept");
  });

  test("does not leave before its deliveries, nor by a delivery that would do nothing else", () => {
    const grace: Grace = { amount: 2, unit: "delivery" };
    const day1 = carryOut(there, planFor(source, there, withGrace(grace, 1)), 1);
    const newer = local({ "index.html": "新しい" });
    expect(deletions(planFor(newer, day1, withGrace(grace, 2)))).toEqual([]);
    expect(planFor(source, day1, withGrace(grace, 3))).toMatchObject({ phases: [], totals: { kept: 2 } });
    expect(deletions(planFor(newer, day1, withGrace(grace, 3)))).toEqual(["assets/桜.css", "assets/桜.svg"]);
  });

  test("loses its mark when it is back, and is sent only when its content is another", () => {
    const day1 = leaving(there, 1, "assets/桜.css", "assets/桜.svg");
    const back = local({ "index.html": "i", "assets/桜.css": "a", "assets/桜.svg": "新しい" });
    const plan = planFor(back, day1, withGrace(WEEK, 2));
    expect(plan.phases.flatMap(({ changes }) => changes.filter(({ kind }) => kind === "put").map(pathOf))).toEqual([
      "assets/桜.svg",
    ]);
    expect(plan.keeping).toEqual({ grace: "7 days", begins: [], ends: ["assets/桜.css", "assets/桜.svg"] });
    const after = carryOut(day1, plan, 2);
    expect(hashSnapshot({ files: after.files })).toBe(hashSnapshot(back));
  });

  test("is deleted by the next delivery when the site has no grace any more", () => {
    expect(deletions(planFor(source, leaving(there, 1, "assets/桜.css"), policy))).toContain("assets/桜.css");
  });

  test("does not stay where nobody knows what it is", () => {
    const unsure = remote({ "index.html": "i", "assets/途中.css": null });
    expect(deletions(planFor(source, unsure, withGrace(WEEK, 1)))).toEqual(["assets/途中.css"]);
  });

  test.each([
    ["a file where its directory was", { 特集: "f" }, { "特集/桜.css": "a" }],
    ["a directory where it was", { "特集/桜.css": "f" }, { 特集: "a" }],
    ["a file of that name, as the target reads names", { "Logo.svg": "f" }, { "logo.svg": "a" }],
  ])("is deleted at once when there is to be %s, kept already or not", (_, coming, gone) => {
    const rules = rulesOf({ foldsCase: true, foldsUnicode: true });
    const [path = ""] = Object.keys(gone);
    const held = remote({ "index.html": "i", ...gone });
    for (const holding of [held, leaving(held, 1, path)]) {
      const plan = planFor(local({ "index.html": "i", ...coming }), holding, withGrace(WEEK, 2), rules);
      expect(plan.refusals).toEqual([]);
      expect(deletions(plan)).toEqual([path]);
      expect(plan.phases.at(-1)?.name).toBe("replacements");
    }
  });

  test("stays beside a name that only a directory would forbid, where there are no directories", () => {
    const held = remote({ "index.html": "i", 特集: "a" });
    const flat: NameRules = { ...EXACT, flat: true };
    const plan = planFor(local({ "index.html": "i", "特集/桜.css": "f" }), held, withGrace(WEEK, 1), flat);
    expect(plan.keeping?.begins).toEqual(["特集"]);
  });

  test("is left alone outside what was selected, and where the patterns exclude it", () => {
    const day1 = leaving(there, 1, "assets/桜.css");
    const only = { only: (path: string) => path.startsWith("記事/") };
    expect(planFor(local({ "index.html": "i", "assets/桜.css": "a" }), day1, withGrace(WEEK, 20, 20, only))).toEqual(
      expect.objectContaining({ totals: expect.objectContaining({ deletes: 1, kept: 1 }) }),
    );
    const excluded = { excluded: (path: string) => path.startsWith("assets/") };
    expect(deletions(planFor(source, day1, withGrace(WEEK, 20, 20, excluded)))).toEqual(["記事/古い.html"]);
  });

  test("is refused at once when it is protected", () => {
    const guarded = withGrace(WEEK, 1, 1, { isProtected: (path) => path.endsWith(".css") });
    expect(planFor(source, there, guarded).refusals).toMatchObject([
      { guard: "protected-path", paths: ["assets/桜.css"] },
    ]);
  });

  test("keeps its mark through an interrupted delivery that was about to touch it", () => {
    const { files } = leaving(there, 1, "assets/桜.css", "assets/桜.svg");
    const about = { format: 1, run: "r", baseGeneration: 1, at: "2026-11-22T00:00:00.000Z", by: "cms" } as const;
    const css = relPath("assets/桜.css");
    const after = applyIntent(files, { ...about, puts: [], deletes: [css] }, []);
    expect(after.get(css)).toMatchObject({ sha256: null, leaving: { since: DAY, generation: 1 } });
    expect(after.get(relPath("assets/桜.svg"))).toEqual(files.get(relPath("assets/桜.svg")));
  });
});

describe("the guards", () => {
  const names = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `assets/${from + at}.css`);
  const files = (paths: string[]) => Object.fromEntries(paths.map((path) => [path, "x"]));
  const strict = { maxDeletePercent: 25, maxDeleteCount: 500, maxShrinkPercent: 50 };
  const messages = (plan: Plan) => plan.refusals.map(({ guard, message }) => `${guard}: ${message}`);

  test("do not count what begins to be kept or is kept as deletions, but what is due", () => {
    const before = remote(files(names(100)));
    const source = local(files(names(60)));
    const day1 = planFor(source, before, withGrace(WEEK, 1, 1, strict));
    expect(messages(day1)).toEqual([]);
    const kept = carryOut(before, day1, 1);
    expect(messages(planFor(source, kept, withGrace(WEEK, 7, 7, strict)))).toEqual([]);
    expect(messages(planFor(source, kept, withGrace(WEEK, 8, 8, strict)))).toEqual([
      "delete-limit: would delete 40 of 100 files (40%), all of them at the end of their grace; the limit is 25%",
    ]);
  });

  test("tell the due from what is deleted because it left just now", () => {
    const before = leaving(remote({ ...files(names(8)), "a.html": "a", "b.html": "b" }), 1, ...names(2));
    const plan = planFor(local(files(names(6, 2))), before, withGrace(WEEK, 8, 8, strict));
    expect(messages(plan)).toEqual([
      "delete-limit: would delete 4 of 10 files (40%), 2 of them at the end of their grace; the limit is 25%",
    ]);
  });

  test("take no file for one of the site's that has left it earlier, however many there are", () => {
    const before = leaving(remote(files(names(1000))), 1, ...names(900, 100));
    expect(messages(planFor(local(files(names(100))), before, withGrace(WEEK, 2, 2, strict)))).toEqual([]);
    expect(messages(planFor(local(files(names(40))), before, withGrace(WEEK, 2, 2, strict)))).toEqual([
      "shrink-limit: the source holds 40 files, the target 100 (60% fewer); the limit is 50%",
    ]);
    const due = messages(planFor(local(files(names(100))), before, withGrace(WEEK, 8, 8, strict)));
    expect(due).toEqual([
      "delete-limit: would delete 900 of 1,000 files (90%), all of them at the end of their grace; the limits are 25% and 500 files",
    ]);
  });
});

describe("any delivery with a grace", () => {
  const anyDelivery = anyFolding.chain((folding) =>
    fc.record({
      source: anySource,
      there: anyTarget(folding),
      marks: fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { maxLength: 12 }),
      policy: anyPolicy,
      names: fc.constant(rulesOf(folding)),
    }),
  );

  /** The target with marks on some files of which it is known what they are. */
  function markSome(there: RemoteSnapshot, marks: readonly (number | null)[]): RemoteSnapshot {
    const files = [...there.files.values()].map((file, at): RemoteFile => {
      const day = marks[at] ?? null;
      return day === null || file.sha256 === null ? file : { ...file, leaving: { since: day * DAY, generation: day } };
    });
    return { ...there, files: new Map(files.map((file) => [file.path, file])) };
  }

  test("can be carried out on a strict target that folds names, and marks just what has left the site", () => {
    let kept = 0;
    fc.assert(
      fc.property(anyDelivery, ({ source, there: unmarked, marks, policy, names }) => {
        const there = markSome(unmarked, marks);
        const plan = planFor(source, there, { ...policy, grace: { ...WEEK, now: 9 * DAY, generation: 9 } }, names);
        if (plan.refusals.length > 0) return;
        const target = new ModelTarget(there, names);
        target.carryOut(plan);
        const after = carryOut(there, plan, 9);
        for (const { path, sha256 } of after.files.values()) expect(target.read(path), path).toBe(sha256);
        expect(target.files.size).toBe(after.files.size);
        const concerns = (path: string) => !policy.excluded(path) && (policy.only?.(path) ?? true);
        for (const file of after.files.values()) {
          if (concerns(file.path)) expect(file.leaving === undefined, file.path).toBe(source.files.has(file.path));
          else expect(file).toEqual(there.files.get(file.path));
        }
        const marked = [...after.files.values()].filter(({ leaving }) => leaving !== undefined);
        expect(plan.totals.kept ?? 0).toBe(marked.length);
        kept += marked.length;
      }),
      { numRuns: 2000 },
    );
    expect(kept).toBeGreaterThan(1000);
  });

  test("keeps every asset for its grace and no longer, over weeks of deliveries", () => {
    const anyWeeks = fc.array(fc.tuple(anySource, fc.integer({ min: 1, max: 4 })), { minLength: 2, maxLength: 12 });
    let stayed = 0;
    fc.assert(
      fc.property(anyWeeks, fc.constantFrom(WEEK, { amount: 3, unit: "delivery" } as const), (weeks, grace) => {
        let there: RemoteSnapshot = { files: new Map(), state: "absent" };
        let day = 0;
        weeks.forEach(([source, pause], at) => {
          day += pause;
          const before = there;
          const given = { ...policy, grace: { ...grace, now: day * DAY, generation: at + 1 } };
          const plan = planFor(source, there, given);
          const mark = { since: day * DAY, generation: at + 1 };
          const waits = grace.unit === "delivery" && plan.phases.length === 0 && plan.keeping === undefined;
          there = { files: markFiles(applyPlan(there.files, plan), plan.keeping, mark), state: `${at}:` };
          for (const path of source.files.keys()) expect(there.files.get(path)).not.toHaveProperty("leaving");
          for (const file of before.files.values()) {
            if (source.files.has(file.path)) continue;
            const after = there.files.get(file.path);
            if (after !== undefined) stayed++;
            if (given.isPage(file.path)) expect(after).toBeUndefined();
            else if (file.leaving && isDue(file.leaving, given.grace)) expect(after).toEqual(waits ? file : undefined);
            else if (after === undefined) expect(isInTheWay(file.path, source), file.path).toBe(true);
            else expect(after.leaving).toEqual(file.leaving ?? mark);
          }
        });
      }),
      { numRuns: 300 },
    );
    expect(stayed).toBeGreaterThan(300);
  });

  function isInTheWay(path: string, { files }: Snapshot): boolean {
    return [...files.keys()].some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
  }
});
