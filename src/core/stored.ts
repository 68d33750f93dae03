import { z } from "zod";
import { parseRelPath, type RelPath } from "./rel-path.ts";

/** A path that can't name anything outside the site. */
export const relPath = z.custom<RelPath>(
  (value) => typeof value === "string" && parseRelPath(value) !== undefined,
  "is not a path below the site's root",
);

/** A lower-case hexadecimal SHA-256. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "is not a SHA-256");

/** A number of things or bytes. */
export const amount = z.int().min(0);

/** A moment, ISO 8601 in UTC. */
export const moment = z.iso.datetime();

const FORMAT = 1;
const MAX_ISSUES = 3;

/**
 * Reads JSON that smartsync wrote earlier, maybe another version of it, maybe edited since. Throws an Error that says
 * what is wrong and where; `what` names the thing in it: "the plan".
 */
export function parseStored<T>(what: string, json: unknown, schema: z.ZodType<T>): T {
  if (typeof json === "object" && json !== null && "format" in json) {
    const { format } = json;
    if (typeof format === "number" && format > FORMAT) {
      throw new Error(`${what} was written by a newer smartsync (format ${format}; this one reads ${FORMAT})`);
    }
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map(describeIssue);
  if (result.error.issues.length > MAX_ISSUES) issues.push("…");
  throw new Error(`${what} is not valid: ${issues.join("; ")}`);
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}
