import fc from "fast-check";
import type { PlanPolicy } from "../../src/core/make-plan.ts";
import type { NameRules } from "../../src/core/names.ts";
import { foldingOf } from "../../src/core/names.ts";
import { parentsOf, parseRelPath } from "../../src/core/rel-path.ts";
import type { RemoteSnapshot, Snapshot } from "../../src/core/snapshot.ts";
import { local, relPath, remote } from "./snapshots.ts";

// Few and alike, so that paths often meet: as the same file, as file and directory, by folding, or by their beginning.
const SEGMENTS = ["foo", "foobar", "Foo", "foo.html", "index.html", "が", "か\u3099", "ガイド.png", "a b"];

/** A path made of a few segments that often coincide with another's. */
export const anyPath = fc
  .array(fc.constantFrom(...SEGMENTS), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join("/"));

/** Any text at all that is a path: every script, line breaks, lone surrogates. */
export const anyOddPath = fc
  .string({
    unit: fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.constantFrom("\ud800", "\n", "/", "."),
    ),
  })
  .filter((text) => parseRelPath(text) !== undefined)
  .map(relPath);

const content = fc.constantFrom("one", "two", "三");

/** What a target may do to names. */
export const anyFolding = fc.record({ foldsCase: fc.boolean(), foldsUnicode: fc.boolean() });

/** Name rules that only fold. */
export function rulesOf(folding: Pick<NameRules, "foldsCase" | "foldsUnicode">): NameRules {
  return { ...folding, maxSegmentBytes: 255, maxPathBytes: 4096, windows: false };
}

const EXACT = { foldsCase: false, foldsUnicode: false };

/** A source, as a file system can hold one: no path is both a file and a directory. */
export const anySource: fc.Arbitrary<Snapshot> = fc
  .dictionary(anyPath, content, { maxKeys: 12 })
  .map((contents) => local(possible(contents, EXACT)));

/** What a target that folds names so is known to hold; with `null` where an interrupted delivery came by. */
export function anyTarget(folding: Pick<NameRules, "foldsCase" | "foldsUnicode">): fc.Arbitrary<RemoteSnapshot> {
  const contents = fc.dictionary(anyPath, fc.option(content, { freq: 5 }), { maxKeys: 12 });
  return contents.map((all) => remote(possible(all, folding)));
}

/** A policy with limits that nothing exceeds, some paths left alone, and maybe a selection. */
export const anyPolicy: fc.Arbitrary<PlanPolicy> = fc
  .record({
    force: fc.boolean(),
    excluded: fc.uniqueArray(anyPath, { maxLength: 3 }),
    only: fc.option(fc.uniqueArray(fc.constantFrom(...SEGMENTS), { maxLength: 4 }), { nil: undefined }),
  })
  .map(({ force, excluded, only }) => ({
    force,
    excluded: (path) => excluded.includes(path),
    ...(only ? { only: (path: string) => only.includes(path.split("/")[0] ?? "") } : {}),
    isPage: (path) => path.endsWith(".html"),
    isProtected: () => false,
    maxDeletePercent: 100,
    maxDeleteCount: Number.MAX_SAFE_INTEGER,
    maxShrinkPercent: 100,
    allow: new Set(["empty-source" as const]),
  }));

/** The entries that can be in one tree: of two that fold to one, or where one is in the way of another, the first. */
function possible<T>(contents: Record<string, T>, folding: Pick<NameRules, "foldsCase" | "foldsUnicode">) {
  const fold = foldingOf(folding);
  const files = new Set<string>();
  const directories = new Set<string>();
  return Object.fromEntries(
    Object.entries(contents).filter(([path]) => {
      const name = fold(path);
      const parents = parentsOf(name);
      if (files.has(name) || directories.has(name) || parents.some((parent) => files.has(parent))) return false;
      files.add(name);
      for (const parent of parents) directories.add(parent);
      return true;
    }),
  );
}
