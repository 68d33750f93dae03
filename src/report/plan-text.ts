import type { Change, PutReason } from "../core/change.ts";
import type { Refusal } from "../core/guard.ts";
import type { Phase, Plan } from "../core/plan.ts";
import { type Fold, foldPaths, type SizedPath } from "./fold-paths.ts";
import { countOf, formatBytes, formatCount } from "./quantities.ts";
import type { Style } from "./style.ts";
import { type Cell, type Column, renderTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** How a plan is told. */
export interface PlanTextOptions {
  readonly style: Style;
  /** Columns to use. */
  readonly width: number;
  /** Name every file, not only what fits about twenty lines. */
  readonly all?: boolean;
}

const LINES = 20;
const FEWEST = 3;

type Reason = PutReason | "delete";

/** The sign and the word for each reason to change a file. */
const REASONS: Record<Reason, { sign: string; word: string; colour: "good" | "caution" | "bad" }> = {
  new: { sign: "+", word: "new", colour: "good" },
  content: { sign: "~", word: "changed", colour: "caution" },
  headers: { sign: "~", word: "headers", colour: "caution" },
  unknown: { sign: "!", word: "unsure", colour: "caution" },
  forced: { sign: "~", word: "forced", colour: "caution" },
  delete: { sign: "-", word: "delete", colour: "bad" },
};

const COLUMNS: readonly Column[] = [
  {},
  { optional: true },
  { shrink: "front" },
  { align: "right", optional: true },
  { align: "right" },
];

/** The plan as lines: refusals first, then counts, then what changes and why, phase by phase, many files as folders. */
export function renderPlan(plan: Plan, options: PlanTextOptions): string[] {
  const { style } = options;
  const phases = plan.phases.filter((phase) => phase.changes.length > 0);
  const rows = layOut(phases, options);
  const notes = planNotes(plan);
  return [
    `${style.bold(plan.target)}  ${renderTotals(plan)}`,
    ...plan.refusals.flatMap((refusal) => ["", ...renderRefusal(refusal, options)]),
    ...(rows.length > 0 ? [""] : []),
    ...rows,
    ...(notes.length > 0 ? ["", ...notes.map((note) => `  ${note}`)] : []),
  ];
}

/** "812 to send (12.3 MB) · 3 to delete (12 kB) · 9,171 unchanged". */
export function renderTotals(plan: Plan): string {
  const { puts, putBytes, deletes, deleteBytes, unchanged } = plan.totals;
  const parts = [
    puts > 0 ? `${formatCount(puts)} to send (${formatBytes(putBytes)})` : "",
    deletes > 0 ? `${formatCount(deletes)} to delete (${formatBytes(deleteBytes)})` : "",
    puts + deletes === 0 ? "nothing to do" : "",
    unchanged > 0 ? `${formatCount(unchanged)} unchanged` : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** What a reason is called wherever people read it; `reason` in events is for programs. */
export function reasonWord(reason: PutReason): string {
  return REASONS[reason].word;
}

/** The plan's refusals in a line each, with the way to override it. */
export function renderRefusals({ target, refusals }: Plan, style: Style): string[] {
  return refusals.map(
    ({ guard, message }) =>
      `${target}: ${style.bad(`REFUSED ${printable(message)}`)} (if this is meant: --allow ${guard})`,
  );
}

/** A refusal with some of its paths, and how a person overrides it. */
function renderRefusal({ guard, message, paths, count }: Refusal, { style, all }: PlanTextOptions): string[] {
  const shown = all ? paths : paths.slice(0, FEWEST);
  const rest = count - shown.length;
  return [
    style.bad(`  REFUSED ${printable(message)}`),
    ...shown.map((path) => `          /${printable(path)}`),
    ...(shown.length > 0 && rest > 0 ? [`          … and ${formatCount(rest)} more`] : []),
    `          if this is meant: --allow ${guard}`,
  ];
}

/** One table for all phases, so that its columns line up; headings between its rows. */
function layOut(phases: readonly Phase[], options: PlanTextOptions): string[] {
  const groups = phases.map((phase) => groupByReason(phase.changes));
  const counts = groups.flatMap((group) => [...group.values()].map((paths) => paths.length));
  const shares = shareLines(counts, options.all ? Number.POSITIVE_INFINITY : LINES);
  const rows: Cell[][] = [];
  const headings = new Map<number, string>();
  let share = 0;
  groups.forEach((group, at) => {
    headings.set(rows.length, `  ${options.style.dim(headingOf(phases[at]?.name, at + 1, group))}`);
    for (const [reason, paths] of group) {
      for (const fold of foldPaths(paths, shares[share] ?? FEWEST)) rows.push(toRow(reason, fold, options.style));
      share++;
    }
  });
  const lines = renderTable(COLUMNS, rows, options.width - 4);
  return lines.flatMap((line, at) => [headings.get(at) ?? [], `    ${line}`].flat());
}

function headingOf(name: string | undefined, step: number, group: Map<Reason, SizedPath[]>): string {
  const files = [...group.values()].flat();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${step}. ${name}: ${countOf(files.length, "file")}, ${formatBytes(bytes)}`;
}

function toRow(reason: Reason, fold: Fold, style: Style): Cell[] {
  const { sign, word, colour } = REASONS[reason];
  return [
    { text: sign, paint: style[colour] },
    { text: word, paint: style[colour] },
    { text: printable(fold.pattern) },
    { text: fold.files > 1 ? countOf(fold.files, "file") : "" },
    { text: formatBytes(fold.bytes), paint: style.dim },
  ];
}

function groupByReason(changes: readonly Change[]): Map<Reason, SizedPath[]> {
  const groups = new Map<Reason, SizedPath[]>();
  for (const change of changes) {
    const reason = change.kind === "put" ? change.reason : "delete";
    const file = change.kind === "put" ? change.file : change;
    const group = groups.get(reason);
    if (group) group.push(file);
    else groups.set(reason, [file]);
  }
  return groups;
}

/** Shares the lines out: small groups get what they need, the big ones what is left, none fewer than a few. */
function shareLines(counts: readonly number[], lines: number): number[] {
  const shares = new Array<number>(counts.length).fill(0);
  const smallestFirst = counts.map((count, at) => ({ count, at })).sort((a, b) => a.count - b.count);
  let left = lines;
  smallestFirst.forEach(({ count, at }, served) => {
    const share = Math.min(count, Math.max(FEWEST, Math.floor(left / (counts.length - served))));
    shares[at] = share;
    left -= share;
  });
  return shares;
}

/** What should be known of the plan before it is carried out. */
export function planNotes({ base, phases }: Plan): string[] {
  const puts = phases.flatMap((phase) => phase.changes).filter((change) => change.kind === "put");
  const unsure = puts.some(({ reason }) => reason === "unknown");
  return [
    ...(base.targetState === "absent" && puts.length > 0 ? [FIRST] : []),
    ...(unsure ? ["unsure: an interrupted delivery may have touched these, so they are sent again."] : []),
  ];
}

const FIRST = "first delivery: replaces files of these names, leaves all others there alone.";
