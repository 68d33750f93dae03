import type { PurgeItem } from "../../core/purge-rules.ts";
import { encodeMarks } from "../encode-marks.ts";

/**
 * The form of a refresh: one call is of one type. Without `Force` a directory's files are asked for anew only where the
 * server says that they are others, and new headers are not seen by that.
 */
export function spellRefresh(items: readonly PurgeItem[], baseUrls: readonly string[]): Record<string, string> {
  if (new Set(items.map(({ kind }) => kind)).size !== 1) throw new Error("a request is of one kind");
  const addresses = items.flatMap((item) => {
    if (item.kind === "tag") throw new Error("tags are not asked for");
    if (item.kind === "everything") return item.origin === undefined ? baseUrls : [`${item.origin}/`];
    return [`${item.origin ?? ""}${encodeMarks(item.path, /[[\]|^]/g)}`];
  });
  const ObjectPath = addresses.join("\n");
  return items[0]?.kind === "exact"
    ? { ObjectPath, ObjectType: "File" }
    : { ObjectPath, ObjectType: "Directory", Force: "true" };
}
