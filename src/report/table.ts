import { columnsOf, padTo, shorten, shortenPath } from "./text-width.ts";

/** A cell: its text, and how to colour it once it is cut and padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** How a column is laid out. Where the table is too wide, columns that may are left out, then one gives way. */
export interface Column {
  readonly align?: "left" | "right";
  /** Gives way: "end" cuts a sentence at its end, "front" cuts a path at its front. One column at most. */
  readonly shrink?: "end" | "front";
  /** May be left out: what it says is nice to know. */
  readonly optional?: boolean;
}

const GAP = 2;
/** A column that gives way stays at least so wide, if need be by leaving others out. */
const READABLE = 20;
const NARROWEST = 10;

/**
 * Aligned lines from rows of cells, at most `width` columns wide where a column may shrink; no trailing spaces.
 * A column that is empty in every row takes no room.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | Cell)[])[],
  width: number,
): string[] {
  const cells = rows.map((row) => columns.map((_, at) => toCell(row[at] ?? "")));
  const natural = columns.map((_, at) => Math.max(0, ...cells.map((row) => columnsOf(row[at]?.text ?? ""))));
  const widths = fitWidths(columns, natural, width);
  return cells.map((row) => renderRow(row, columns, widths));
}

/** The widths to use: 0 leaves a column out. */
function fitWidths(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const excess = () => widths.reduce((sum, each) => (each === 0 ? sum : sum + each + GAP), -GAP) - width;
  const at = columns.findIndex((column) => column.shrink);
  const own = natural[at] ?? 0;
  for (let other = columns.length - 1; other >= 0; other--) {
    if (own - excess() < Math.min(own, READABLE) && columns[other]?.optional) widths[other] = 0;
  }
  if (at >= 0) widths[at] = Math.min(own, Math.max(NARROWEST, own - Math.max(0, excess())));
  return widths;
}

function renderRow(row: readonly Cell[], columns: readonly Column[], widths: readonly number[]): string {
  const parts: string[] = [];
  row.forEach((cell, at) => {
    const room = widths[at] ?? 0;
    if (room === 0) return;
    const { align = "left", shrink } = columns[at] ?? {};
    const text =
      shrink === "front" ? shortenPath(cell.text, room) : shrink === "end" ? shorten(cell.text, room) : cell.text;
    const painted = cell.paint ? cell.paint(text) : text;
    parts.push(padTo(painted, room, align));
  });
  return parts.join(" ".repeat(GAP)).trimEnd();
}

function toCell(cell: string | Cell): Cell {
  return typeof cell === "string" ? { text: cell } : cell;
}
