import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import iconv from "iconv-lite";
import { diff } from "../../src/core/diff.ts";
import type { GuardName } from "../../src/core/guard.ts";
import { makePlan } from "../../src/core/make-plan.ts";
import type { NameRules } from "../../src/core/names.ts";
import { compilePatterns } from "../../src/core/patterns.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { ScanProblem } from "../../src/core/scan-problem.ts";
import { local, remote } from "./snapshots.ts";

const FOLDER = new URL("../../fixtures/plans/", import.meta.url);

/** A golden case as fixtures/plans holds it: snapshots by their contents, null where the target's content is unknown. */
export interface GoldenCase {
  readonly name: string;
  readonly local: Record<string, string>;
  readonly remote: Record<string, string | null>;
  readonly policy?: {
    readonly force?: boolean;
    readonly exclude?: string[];
    readonly only?: string[];
    readonly protect?: string[];
    readonly maxDeletePercent?: number;
    readonly maxDeleteCount?: number;
    readonly maxShrinkPercent?: number;
    readonly allow?: GuardName[];
  };
  readonly names?: Partial<NameRules> & { readonly encoding?: string };
  readonly problems?: ScanProblem[];
  readonly plan: Plan | null;
}

/** Every golden case of a delivery and the file it is in. */
export function readGoldenCases(): { file: string; golden: GoldenCase }[] {
  const files = readdirSync(FOLDER).filter((file) => /^(?!purge-).*\.json$/.test(file));
  return files.map((file) => ({ file, golden: JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) }));
}

/** Replaces the expected plan of a golden case. */
export function writeGoldenCase(file: string, golden: GoldenCase): void {
  writeFileSync(new URL(file, FOLDER), `${JSON.stringify(golden, null, 2)}\n`);
}

/** The plan that is made for a golden case. */
export function planOf({ local: source, remote: there, policy = {}, names = {}, problems = [] }: GoldenCase): Plan {
  const { encoding, ...rules } = names;
  const fullPolicy = {
    force: policy.force ?? false,
    excluded: compilePatterns(policy.exclude ?? []),
    ...(policy.only ? { only: compilePatterns(policy.only) } : {}),
    isPage: compilePatterns(["*.{html,xml}"]),
    isProtected: compilePatterns(policy.protect ?? []),
    maxDeletePercent: policy.maxDeletePercent ?? 25,
    maxDeleteCount: policy.maxDeleteCount ?? 500,
    maxShrinkPercent: policy.maxShrinkPercent ?? 50,
    allow: new Set(policy.allow),
  };
  const snapshots = { local: local(source), remote: remote(there) };
  return makePlan({
    site: "corporate",
    target: "web1",
    ...snapshots,
    changes: diff(snapshots.local, snapshots.remote, fullPolicy),
    policy: fullPolicy,
    names: {
      foldsCase: false,
      foldsUnicode: false,
      maxSegmentBytes: 255,
      maxPathBytes: 4096,
      windows: false,
      ...rules,
      ...(encoding === undefined ? {} : { encodedLength: (name: string) => lengthIn(encoding, name) }),
    },
    problems,
  });
}

function lengthIn(encoding: string, name: string): number | null {
  const bytes = iconv.encode(name, encoding);
  return iconv.decode(bytes, encoding) === name ? bytes.length : null;
}
