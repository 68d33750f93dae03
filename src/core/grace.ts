import { type Change, type DeleteChange, pathOf } from "./change.ts";
import { clashTest } from "./clash-test.ts";
import type { PlanInput } from "./make-plan.ts";
import type { Keeping } from "./plan.ts";
import type { RelPath } from "./rel-path.ts";
import type { Leaving, RemoteFile } from "./snapshot.ts";

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** How long files that left the site stay on a target before they are deleted. */
export interface Grace {
  /** At least 1. */
  readonly amount: number;
  readonly unit: keyof typeof UNIT_MS | "delivery";
}

/** The grace of a site at the moment a plan is made for a target. */
export interface GracePolicy extends Grace {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of the manifest that the delivery is to write. */
  readonly generation: number;
}

/** What `graceOf` reads: "7d", "12h", "30m", "3 deliveries". */
export const GRACE_PATTERN = /^([1-9]\d{0,3})(?:(m|h|d)| (?:delivery|deliveries))$/;

const UNITS: Partial<Record<string, Grace["unit"]>> = { m: "minute", h: "hour", d: "day" };

/** Reads a grace that matches `GRACE_PATTERN`. */
export function graceOf(text: string): Grace {
  const [, amount, unit = ""] = GRACE_PATTERN.exec(text) ?? [];
  return { amount: Number(amount), unit: UNITS[unit] ?? "delivery" };
}

/** A grace as people read it: "7 days", "1 delivery". */
export function graceText({ amount, unit }: Grace): string {
  if (amount === 1) return `1 ${unit}`;
  return `${amount} ${unit === "delivery" ? "deliveries" : `${unit}s`}`;
}

/** Whether a file that left the site then has stayed as long as it is to. */
export function isDue({ since, generation }: Leaving, { amount, unit, ...at }: GracePolicy): boolean {
  if (unit === "delivery") return at.generation - generation >= amount;
  return at.now - since >= amount * UNIT_MS[unit];
}

/** What is left to do once the files that stay for a while are spared. */
export interface Spared {
  readonly changes: readonly Change[];
  /** Absent when no file begins to be kept and none is back. */
  readonly keeping?: Keeping;
  /** How many files are kept in all after that. */
  readonly kept: number;
}

/**
 * Takes out of the changes every deletion that is not due yet. What stays is no page (somebody wanted that gone), is
 * surely there, and in nothing's way. Protected files do not stay: that one left the site is to be refused at once.
 */
export function spareLeaving(input: PlanInput): Spared {
  const { local, remote, policy } = input;
  const { grace } = policy;
  const stays = stayTest(input);
  const marked = new Set(
    remote.files
      .values()
      .filter(({ leaving }) => leaving !== undefined)
      .map(({ path }) => path),
  );
  const concerns = (path: RelPath) => !policy.excluded(path) && (policy.only?.(path) ?? true);
  const spared = new Set(input.changes.filter((change) => change.kind === "delete" && stays(change)));
  const left = input.changes.filter((change) => !spared.has(change));
  const begins = [...spared].map(pathOf).filter((path) => !marked.has(path));
  const ends = [...marked].filter((path) => local.files.has(path) && concerns(path)).sort();
  const isNews = begins.length + ends.length > 0;
  // Where deliveries are counted, one that did nothing but take away what is due would make more due for the next.
  const waits = grace?.unit === "delivery" && !isNews && left.every((change) => marked.has(pathOf(change)));
  const changes = waits ? [] : left;
  const deleted = changes.filter((change) => change.kind === "delete" && marked.has(change.path));
  const kept = begins.length + marked.size - ends.length - deleted.length;
  if (!isNews) return { changes, kept };
  return { changes, keeping: { ...(grace && { grace: graceText(grace) }), begins, ends }, kept };
}

function stayTest({ remote, changes, policy, names }: PlanInput): (change: DeleteChange) => boolean {
  const { grace } = policy;
  if (grace === undefined) return () => false;
  const isInTheWay = clashTest(changes.filter(({ kind }) => kind === "put").map(pathOf), names);
  return ({ path }) => {
    const there = remote.files.get(path);
    if (there === undefined || there.sha256 === null) return false;
    if (there.leaving !== undefined && isDue(there.leaving, grace)) return false;
    return !policy.isPage(path) && !policy.isProtected(path) && !isInTheWay(path);
  };
}

/** What a target holds, with the marks that a plan sets and takes away; those it sets say `leaving`. */
export function markFiles(
  files: ReadonlyMap<RelPath, RemoteFile>,
  keeping: Keeping | undefined,
  leaving: Leaving,
): ReadonlyMap<RelPath, RemoteFile> {
  if (keeping === undefined) return files;
  const marked = new Map(files);
  for (const path of keeping.begins) {
    const file = marked.get(path);
    if (file !== undefined) marked.set(path, { ...file, leaving });
  }
  for (const path of keeping.ends) {
    const file = marked.get(path);
    if (file !== undefined) marked.set(path, unmarked(file));
  }
  return marked;
}

function unmarked({ leaving: _, ...file }: RemoteFile): RemoteFile {
  return file;
}
