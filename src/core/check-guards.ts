import { type DeleteChange, type PutChange, pathOf } from "./change.ts";
import { type Collision, findCollisions } from "./collisions.ts";
import type { GuardName, Refusal } from "./guard.ts";
import type { PlanInput } from "./make-plan.ts";
import { nameFault } from "./names.ts";
import type { RelPath } from "./rel-path.ts";
import type { ScanProblem } from "./scan-problem.ts";

const MAX_PATHS = 10;

/**
 * Every reason not to make these changes, but for those that the policy allows this once. `after` are the paths the
 * target is to hold then.
 */
export function checkGuards(input: PlanInput, after: Iterable<RelPath>): Refusal[] {
  const puts = input.changes.filter((change) => change.kind === "put");
  const deletes = input.changes.filter((change) => change.kind === "delete");
  const problems = input.problems.filter(
    ({ path, policy }) => policy === "refuse" && (input.policy.only?.(path) ?? true),
  );
  const refusals = [
    checkEmpty(input),
    checkShrink(input, deletes),
    checkDeletes(input, deletes),
    checkProtected(input),
    checkCollisions(input, after),
    checkNames(input, puts, problems),
    checkLinks(problems),
    checkSpecialFiles(problems),
  ];
  return refusals.filter((refusal) => refusal !== undefined).filter(({ guard }) => !input.policy.allow.has(guard));
}

/**
 * How many files the target is known to hold: those that the site's patterns leave alone not counted, nor those that
 * left the site earlier and are not among these deletions.
 */
function countKnown({ local, remote, policy }: PlanInput, deletes: readonly DeleteChange[]): number {
  const deleted = new Set(deletes.map(pathOf));
  let known = 0;
  for (const { path, leaving } of remote.files.values()) {
    // The patterns need not be asked about the first two: what they leave alone is in neither.
    if (local.files.has(path) || deleted.has(path)) known++;
    else if (leaving === undefined && !policy.excluded(path)) known++;
  }
  return known;
}

/** The deletions of files that left the site earlier and were kept until now. */
function findDue({ remote }: PlanInput, deletes: readonly DeleteChange[]): readonly DeleteChange[] {
  return deletes.filter(({ path }) => remote.files.get(path)?.leaving !== undefined);
}

function checkEmpty({ local, policy }: PlanInput): Refusal | undefined {
  if (policy.only !== undefined || local.files.size > 0) return undefined;
  return refuse("empty-source", "the source holds no file at all");
}

function checkShrink(input: PlanInput, deletes: readonly DeleteChange[]): Refusal | undefined {
  const { local, remote, policy } = input;
  if (policy.only !== undefined || local.files.size >= remote.files.size) return undefined;
  const due = new Set(findDue(input, deletes));
  const known = countKnown(
    input,
    deletes.filter((change) => !due.has(change)),
  );
  const missing = known - local.files.size;
  if (missing * 100 <= policy.maxShrinkPercent * known) return undefined;
  const fewer = percent(missing, known, policy.maxShrinkPercent);
  const figures = `the source holds ${files(local.files.size)}, the target ${known.toLocaleString("en")} (${fewer} fewer)`;
  return refuse("shrink-limit", `${figures}; the limit is ${policy.maxShrinkPercent}%`);
}

function checkDeletes(input: PlanInput, deletes: readonly DeleteChange[]): Refusal | undefined {
  const { maxDeletePercent, maxDeleteCount } = input.policy;
  if (deletes.length === 0) return undefined;
  const known = countKnown(input, deletes);
  const limits: string[] = [];
  if (deletes.length * 100 > maxDeletePercent * known) limits.push(`${maxDeletePercent}%`);
  if (deletes.length > maxDeleteCount) limits.push(files(maxDeleteCount));
  if (limits.length === 0) return undefined;
  const share = percent(deletes.length, known, maxDeletePercent);
  const due = findDue(input, deletes).length;
  const which = due === deletes.length ? "all" : due.toLocaleString("en");
  const note = due > 0 ? `, ${which} of them at the end of their grace` : "";
  const figures = `would delete ${deletes.length.toLocaleString("en")} of ${files(known)} (${share})${note}`;
  const limit = limits.length === 1 ? `the limit is ${limits[0]}` : `the limits are ${limits.join(" and ")}`;
  return refuse("delete-limit", `${figures}; ${limit}`, deletes.map(pathOf));
}

function checkProtected({ changes, remote, policy }: PlanInput): Refusal | undefined {
  const touched = changes.filter((change) => {
    const there = remote.files.get(pathOf(change));
    // An unknown file was being replaced by a plan that had passed this guard when that delivery broke off.
    const isUnknown = there?.sha256 === null && there.etag === undefined;
    return there !== undefined && !isUnknown && policy.isProtected(there.path);
  });
  const [first] = touched;
  if (first === undefined) return undefined;
  const doing = first.kind === "put" ? "replace" : "delete";
  const message = `would ${doing} ${quote(pathOf(first))}, which is protected${andMore(touched)}`;
  return refuse("protected-path", message, touched.map(pathOf));
}

function checkCollisions({ changes, names }: PlanInput, after: Iterable<RelPath>): Refusal | undefined {
  const collisions = findCollisions(changes, after, names);
  const [first] = collisions;
  if (first === undefined) return undefined;
  const message = describeCollision(first);
  const paths = new Set(collisions.flatMap((collision) => collision.paths));
  return refuse("collision", message + andMore(collisions), [...paths]);
}

function describeCollision({ kind, paths: [one, other] }: Collision): string {
  if (kind === "inside") return `${quote(one)} is a file, so there can be no ${quote(other)}`;
  const ignored = one.normalize() === other.normalize() ? "Unicode normalisation" : "case";
  return `${quote(one)} and ${quote(other)} are one file on the target, which ignores ${ignored}`;
}

function checkNames(
  { names }: PlanInput,
  puts: readonly PutChange[],
  problems: readonly ScanProblem[],
): Refusal | undefined {
  const faults: { path: string; fault: string }[] = [];
  for (const { path, problem } of problems) {
    if (problem === "undecodable-name") faults.push({ path, fault: "is not named in UTF-8" });
  }
  for (const { file } of puts) {
    const fault = nameFault(file.path, names);
    if (fault !== undefined) faults.push({ path: file.path, fault });
  }
  const [first] = faults;
  if (first === undefined) return undefined;
  const message = `${quote(first.path)} ${first.fault}${andMore(faults)}`;
  return refuse(
    "bad-name",
    message,
    faults.map(({ path }) => path),
  );
}

const LINK_FAULTS = {
  "symlink-outside": "leads outside the source",
  "symlink-broken": "leads nowhere",
  "symlink-loop": "leads in a circle",
};

function checkLinks(problems: readonly ScanProblem[]): Refusal | undefined {
  const links = problems.flatMap(({ path, problem, detail }) =>
    problem in LINK_FAULTS ? [{ path, detail, fault: LINK_FAULTS[problem as keyof typeof LINK_FAULTS] }] : [],
  );
  const [first] = links;
  if (first === undefined) return undefined;
  const message = `the link ${quote(first.path)} ${first.fault} (to ${quote(first.detail)})${andMore(links)}`;
  return refuse(
    "symlink",
    message,
    links.map(({ path }) => path),
  );
}

function checkSpecialFiles(problems: readonly ScanProblem[]): Refusal | undefined {
  const special = problems.filter(({ problem }) => problem === "special-file");
  const [first] = special;
  if (first === undefined) return undefined;
  const message = `${quote(first.path)} is not a file (${first.detail})${andMore(special)}`;
  return refuse(
    "special-file",
    message,
    special.map(({ path }) => path),
  );
}

function refuse(guard: GuardName, message: string, paths: readonly string[] = []): Refusal {
  return { guard, message, paths: paths.slice(0, MAX_PATHS), count: paths.length };
}

/** A share in percent, never rounded to a figure that would seem to keep the limit it is over. */
function percent(part: number, whole: number, limit: number): string {
  const exact = (part / whole) * 100;
  const rounded = Math.round(exact);
  return `${rounded > limit || exact <= limit ? rounded : Math.ceil(exact * 10) / 10}%`;
}

function files(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
}

function andMore({ length }: readonly unknown[]): string {
  return length === 1 ? "" : `, and ${(length - 1).toLocaleString("en")} more`;
}

/** The path in quotes, with what could confuse a terminal or a log made visible. */
function quote(path: string): string {
  return JSON.stringify(path);
}
