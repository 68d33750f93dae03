import { bytesToSend, type Change, type PutReason } from "../core/change.ts";
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

type Reason = PutReason | "delete" | "keep" | "back";

/** The sign and the word for each reason to change a file, or what is known of it. */
const REASONS: Record<Reason, { sign: string; word: string; colour: "good" | "caution" | "bad" }> = {
  new: { sign: "+", word: "new", colour: "good" },
  content: { sign: "~", word: "changed", colour: "caution" },
  headers: { sign: "~", word: "headers", colour: "caution" },
  unknown: { sign: "!", word: "unsure", colour: "caution" },
  forced: { sign: "~", word: "forced", colour: "caution" },
  delete: { sign: "-", word: "delete", colour: "bad" },
  keep: { sign: "=", word: "keep", colour: "caution" },
  back: { sign: "=", word: "back", colour: "good" },
};

const COLUMNS: readonly Column[] = [
  {},
  { optional: true },
  { shrink: "front" },
  { align: "right", optional: true },
  { align: "right" },
];

/** A heading, and the files below it by reason. */
interface Section {
  readonly heading: string;
  readonly groups: ReadonlyMap<Reason, readonly SizedPath[]>;
}

/** The plan as lines: refusals first, then counts, then what changes and why, phase by phase, many files as folders. */
export function renderPlan(plan: Plan, options: PlanTextOptions): string[] {
  const { style } = options;
  const rows = layOut([...plan.phases.map(phaseSection), ...keepingSections(plan)], options);
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
  const held = plan.phases.flatMap(({ changes }) => changes).filter(isHeld).length;
  const back = plan.keeping?.ends.length ?? 0;
  const parts = [
    puts > held ? `${formatCount(puts - held)} to send (${formatBytes(putBytes)})` : "",
    held > 0 ? `${formatCount(held)} to be given other headers` : "",
    deletes > 0 ? `${formatCount(deletes)} to delete (${formatBytes(deleteBytes)})` : "",
    puts + deletes === 0 && plan.keeping === undefined ? "nothing to do" : "",
    keptText(plan),
    back > 0 ? `${formatCount(back)} back` : "",
    unchanged > 0 ? `${formatCount(unchanged)} unchanged` : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** "12 kept for 7 days", "40 kept (12 of them from now on, for 7 days)", "40 kept". */
function keptText({ totals: { kept = 0 }, keeping }: Plan): string {
  const begins = keeping?.begins.length ?? 0;
  if (kept === 0) return "";
  if (begins === 0) return `${formatCount(kept)} kept`;
  if (begins === kept) return `${formatCount(kept)} kept for ${keeping?.grace}`;
  return `${formatCount(kept)} kept (${formatCount(begins)} of them from now on, for ${keeping?.grace})`;
}

function isHeld(change: Change): boolean {
  return change.kind === "put" && change.heldEtag !== undefined;
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

/** One table for all sections, so that its columns line up; headings between its rows. */
function layOut(sections: readonly Section[], options: PlanTextOptions): string[] {
  const counts = sections.flatMap(({ groups }) => [...groups.values()].map((paths) => paths.length));
  const shares = shareLines(counts, options.all ? Number.POSITIVE_INFINITY : LINES);
  const rows: Cell[][] = [];
  const headings = new Map<number, string>();
  let share = 0;
  for (const { heading, groups } of sections) {
    headings.set(rows.length, `  ${options.style.dim(heading)}`);
    for (const [reason, paths] of groups) {
      for (const fold of foldPaths(paths, shares[share] ?? FEWEST)) rows.push(toRow(reason, fold, options.style));
      share++;
    }
  }
  const lines = renderTable(COLUMNS, rows, options.width - 4);
  return lines.flatMap((line, at) => [headings.get(at) ?? [], `    ${line}`].flat());
}

function phaseSection({ name, changes }: Phase, at: number): Section {
  const groups = groupByReason(changes);
  const bytes = [...groups.values()].flat().reduce((sum, { size }) => sum + size, 0);
  return { heading: `${at + 1}. ${name}: ${countOf(changes.length, "file")}, ${formatBytes(bytes)}`, groups };
}

/** What is only noted of files: that they stay for a while, or are in the site again. */
function keepingSections({ keeping }: Plan): Section[] {
  const { grace, begins = [], ends = [] } = keeping ?? {};
  const section = (reason: Reason, what: string, paths: readonly string[]): Section[] => {
    if (paths.length === 0) return [];
    const files = paths.map((path) => ({ path, size: 0 }));
    return [{ heading: `${what}: ${countOf(paths.length, "file")}`, groups: new Map([[reason, files]]) }];
  };
  return [...section("keep", `left the site, kept for ${grace}`, begins), ...section("back", "back in the site", ends)];
}

function toRow(reason: Reason, fold: Fold, style: Style): Cell[] {
  const { sign, word, colour } = REASONS[reason];
  return [
    { text: sign, paint: style[colour] },
    { text: word, paint: style[colour] },
    { text: printable(fold.pattern) },
    { text: fold.files > 1 ? countOf(fold.files, "file") : "" },
    reason === "keep" || reason === "back" ? { text: "" } : { text: formatBytes(fold.bytes), paint: style.dim },
  ];
}

function groupByReason(changes: readonly Change[]): Map<Reason, SizedPath[]> {
  const groups = new Map<Reason, SizedPath[]>();
  for (const change of changes) {
    const reason = change.kind === "put" ? change.reason : "delete";
    const file = change.kind === "put" ? { path: change.file.path, size: bytesToSend(change) } : change;
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
    ...(/^absent\b/.test(base.targetState) && puts.length > 0 ? [FIRST] : []),
    ...(unsure ? ["unsure: an interrupted delivery may have touched these, so they are sent again."] : []),
  ];
}

const FIRST = "first delivery: replaces files of these names, leaves all others there alone.";
