import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyPlan } from "../../src/core/apply-changes.ts";
import { pathOf } from "../../src/core/change.ts";
import { diff } from "../../src/core/diff.ts";
import { makePlan, type PlanPolicy } from "../../src/core/make-plan.ts";
import type { NameRules } from "../../src/core/names.ts";
import { parsePlan } from "../../src/core/parse-plan.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { RemoteFile, RemoteSnapshot, Snapshot } from "../../src/core/snapshot.ts";
import { anyFolding, anyPolicy, anySource, anyTarget, rulesOf } from "./arbitraries.ts";
import { ModelTarget } from "./model-target.ts";

const anyDelivery = anyFolding.chain((folding) =>
  fc.record({ source: anySource, there: anyTarget(folding), policy: anyPolicy, names: fc.constant(rulesOf(folding)) }),
);

function planFor(source: Snapshot, there: RemoteSnapshot, policy: PlanPolicy, names: NameRules): Plan {
  const changes = diff(source, there, policy);
  return makePlan({ site: "s", target: "t", local: source, remote: there, changes, policy, names, problems: [] });
}

/** What must be there in the end: the source where the policy has a say, what was there where it has none. */
function wanted(source: Snapshot, there: RemoteSnapshot, policy: PlanPolicy): Map<string, string | null> {
  const concerns = (path: string) => !policy.excluded(path) && (policy.only?.(path) ?? true);
  const sources = [...source.files.values()].filter(({ path }) => concerns(path));
  const kept = [...there.files.values()].filter(({ path }) => !concerns(path));
  return hashes([...kept, ...sources]);
}

function hashes(files: Iterable<Pick<RemoteFile, "path" | "sha256">>): Map<string, string | null> {
  return new Map([...files].map(({ path, sha256 }) => [path, sha256]));
}

function pathsIn(plan: Plan, ...names: string[]): string[] {
  return plan.phases.filter(({ name }) => names.includes(name)).flatMap(({ changes }) => changes.map(pathOf));
}

describe("any plan", () => {
  test("leaves the source on the target, and what it has no say in as it was", () => {
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy, names }) => {
        const after = applyPlan(there.files, planFor(source, there, policy, names));
        expect(hashes(after.values())).toEqual(wanted(source, there, policy));
      }),
    );
  });

  test("can be carried out on a strict target that folds names, unless it is refused", () => {
    let carriedOut = 0;
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy, names }) => {
        const plan = planFor(source, there, policy, names);
        if (plan.refusals.length > 0) return;
        const target = new ModelTarget(there, names);
        target.carryOut(plan);
        const expected = wanted(source, there, policy);
        for (const [path, sha256] of expected) expect(target.read(path), path).toBe(sha256);
        expect(target.files.size).toBe(expected.size);
        carriedOut++;
      }),
      { numRuns: 2000 },
    );
    expect(carriedOut).toBeGreaterThan(500);
  });

  test("never names an excluded or unselected path", () => {
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy, names }) => {
        const plan = planFor(source, there, policy, names);
        for (const path of pathsIn(plan, "assets", "pages", "deletions", "replacements")) {
          expect(policy.excluded(path)).toBe(false);
          expect(policy.only?.(path) ?? true).toBe(true);
        }
      }),
    );
  });

  test("puts nothing after deletions but what a deletion makes room for", () => {
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy }) => {
        const plan = planFor(source, there, policy, rulesOf({ foldsCase: false, foldsUnicode: false }));
        const order = ["assets", "pages", "deletions", "replacements"];
        const phases = plan.phases.map(({ name }) => order.indexOf(name));
        expect(phases).toEqual([...new Set(phases)].sort());
        const deleted = pathsIn(plan, "deletions");
        const isBlocked = (path: string) =>
          deleted.some((gone) => gone.startsWith(`${path}/`) || path.startsWith(`${gone}/`));
        expect(pathsIn(plan, "replacements").every(isBlocked)).toBe(true);
        expect(pathsIn(plan, "assets", "pages").some(isBlocked)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test("empties exactly the directories that held something and hold nothing any more, deepest first", () => {
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy, names }) => {
        const { emptied, ...plan } = planFor(source, there, policy, names);
        const after = [...applyPlan(there.files, { ...plan, emptied }).keys()];
        const before = [...there.files.keys()].flatMap((path) =>
          path.split("/").map((_, at, segments) => segments.slice(0, at).join("/")),
        );
        const gone = before.filter((dir) => dir !== "" && !after.some((path) => path.startsWith(`${dir}/`)));
        expect([...emptied].sort()).toEqual([...new Set(gone)].sort());
        const depths = emptied.map((dir) => dir.split("/").length);
        expect(depths).toEqual(depths.toSorted((a, b) => b - a));
      }),
    );
  });

  test("counts what it holds, and everything selected that it leaves as it is", () => {
    fc.assert(
      fc.property(
        anySource,
        anyTarget({ foldsCase: false, foldsUnicode: false }),
        anyPolicy,
        (source, there, policy) => {
          const plan = planFor(
            source,
            there,
            { ...policy, excluded: () => false },
            rulesOf({ foldsCase: false, foldsUnicode: false }),
          );
          const selected = [...source.files.keys()].filter((path) => policy.only?.(path) ?? true);
          expect(plan.totals.puts).toBe(pathsIn(plan, "assets", "pages", "replacements").length);
          expect(plan.totals.deletes).toBe(pathsIn(plan, "deletions").length);
          expect(plan.totals.puts + plan.totals.unchanged).toBe(selected.length);
        },
      ),
    );
  });

  test("survives being stored as JSON and read again", () => {
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy, names }) => {
        const plan = planFor(source, there, policy, names);
        expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
      }),
    );
  });

  test("is followed by an empty one", () => {
    fc.assert(
      fc.property(anyDelivery, ({ source, there, policy, names }) => {
        const files = applyPlan(there.files, planFor(source, there, policy, names));
        const next = planFor(source, { files, state: "next" }, { ...policy, force: false }, names);
        expect(next.phases).toEqual([]);
      }),
    );
  });
});

describe("limits", () => {
  const percent = fc.integer({ min: 0, max: 100 });

  test("are kept by every plan without refusals", () => {
    fc.assert(
      fc.property(anyDelivery, percent, fc.nat({ max: 6 }), percent, (delivery, share, count, shrink) => {
        const { source, there, names } = delivery;
        const limits = { maxDeletePercent: share, maxDeleteCount: count, maxShrinkPercent: shrink };
        const policy = { ...delivery.policy, ...limits, excluded: () => false, allow: new Set<never>() };
        const { refusals, totals } = planFor(source, there, policy, names);
        if (refusals.length > 0) return;
        expect(totals.deletes).toBeLessThanOrEqual(count);
        expect(totals.deletes * 100).toBeLessThanOrEqual(share * there.files.size);
        if (policy.only !== undefined) return;
        expect(source.files.size).toBeGreaterThan(0);
        expect((there.files.size - source.files.size) * 100).toBeLessThanOrEqual(shrink * there.files.size);
      }),
      { numRuns: 1000 },
    );
  });

  test("hold back nothing that keeps them", () => {
    fc.assert(
      fc.property(
        anySource,
        anyTarget({ foldsCase: false, foldsUnicode: false }),
        anyPolicy,
        (source, there, policy) => {
          const names = rulesOf({ foldsCase: false, foldsUnicode: false });
          const free = { ...policy, excluded: () => false, only: () => true };
          expect(planFor(source, there, free, names).refusals).toEqual([]);
        },
      ),
    );
  });
});
