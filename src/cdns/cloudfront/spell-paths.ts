import type { PurgeItem } from "../../core/purge-rules.ts";
import { encodeMarks } from "../encode-marks.ts";

/**
 * What is called unsafe in https://www.rfc-editor.org/rfc/rfc1738#section-2.2 and may be left in a path. CloudFront
 * refuses a request that has one of them, and an asterisk that is not the last character
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
 */
const UNSAFE = /[[\]|^~*]/g;

/** Items as CloudFront is told them; those that come to the same are told, and paid for, once. */
export function spellPaths(items: readonly PurgeItem[]): string[] {
  return [...new Set(items.map(spellItem))];
}

function spellItem(item: PurgeItem): string {
  if (item.kind === "everything") return "/*";
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-tags.html
  if (item.kind === "tag") return `#${item.tag}`;
  return `${encodeMarks(item.path, UNSAFE)}${item.kind === "directory" ? "*" : ""}`;
}
