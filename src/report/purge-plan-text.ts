import type { PurgePlan } from "../core/purge-plan.ts";
import type { PurgeItem } from "../core/purge-rules.ts";
import { purgeWords } from "../core/purge-words.ts";
import { countOf } from "./quantities.ts";
import type { Style } from "./style.ts";
import { printable } from "./text-width.ts";

/** So many items of a plan are shown. */
const ITEMS = 20;

/** What would be asked of a CDN: how much in a line, and the items below it. */
export function renderPurgePlan(
  { cdn, plan }: { readonly cdn: string; readonly plan: PurgePlan },
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const items = plan.batches.flat();
  const shown = items.slice(0, ITEMS).map((item) => `  ${itemText(item)}`);
  const left = items.length - shown.length;
  return [
    purgePlanLine({ cdn, plan }, style),
    ...shown.map((line) => clip(line, width)),
    ...(left > 0 ? [style.dim(`  and ${countOf(left, "other")}`)] : []),
  ];
}

/** "edge  purge 3 paths, 0.000 USD; 41 of 12,400 objects". */
export function purgePlanLine({ cdn, plan }: { readonly cdn: string; readonly plan: PurgePlan }, style: Style): string {
  return `${style.bold(cdn)}  purge ${purgeWords({ ...plan, requests: plan.batches.length })}`;
}

function itemText(item: PurgeItem): string {
  switch (item.kind) {
    case "tag":
      return `tag ${printable(item.tag)}`;
    case "everything":
      return item.origin === undefined ? "everything" : `everything of ${printable(item.origin)}`;
    default:
      return `${printable(readable((item.origin ?? "") + item.path))}${item.kind === "directory" ? "*" : ""}`;
  }
}

/** An address as people read it; as it is where that would not be the same one. */
function readable(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}

function clip(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, Math.max(1, width - 1))}…` : line;
}
