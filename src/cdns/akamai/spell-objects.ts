import type { PurgeItem } from "../../core/purge-rules.ts";
import { encodeMarks } from "../encode-marks.ts";

/** One request's objects, as Akamai is told them. */
export interface Objects {
  readonly kind: "url" | "tag" | "cpcode";
  readonly objects: readonly (string | number)[];
}

/**
 * What may be left in a path that no address may have (https://www.rfc-editor.org/rfc/rfc3986#section-3.3): one that is
 * malformed has the whole request refused (https://techdocs.akamai.com/purge-cache/reference/api-errors).
 */
const MALFORMED = /[[\]|^]/g;

/** A request's items, all of one kind, as Akamai is told them. Everything is what is under the CP codes. */
export function spellObjects(items: readonly PurgeItem[], cpCodes: readonly number[]): Objects {
  const objects = new Set<string>();
  for (const item of items) {
    if (item.kind === "everything") return { kind: "cpcode", objects: cpCodes };
    objects.add(item.kind === "tag" ? item.tag : `${item.origin ?? ""}${encodeMarks(item.path, MALFORMED)}`);
  }
  return { kind: items[0]?.kind === "tag" ? "tag" : "url", objects: [...objects] };
}
