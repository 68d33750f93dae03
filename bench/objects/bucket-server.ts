import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { BenchServer } from "../deliveries/tool.ts";

/** A bucket that the tools deliver into, each below a prefix of its own. */
export interface BucketServer extends BenchServer {
  /** Where its API answers: "http://127.0.0.1:7480". */
  readonly endpoint: string;
  readonly bucket: string;
  /** What signs requests: an access key and its secret; an account and its key. */
  readonly user: string;
  readonly secret: string;
}

/** smartsync's own records lie among the site's objects, where nothing else is configured. */
const OWN = ".smartsync/";

/**
 * Compares a bucket with a directory: `held` has the lower-case hexadecimal MD5 of every object below a prefix by the
 * rest of its key. Throws, naming a few, unless both hold the same.
 */
export async function expectSameObjects(source: string, held: ReadonlyMap<string, string>): Promise<void> {
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const key = relative(source, file);
    seen.add(key);
    const md5 = createHash("md5")
      .update(await readFile(file))
      .digest("hex");
    if (held.get(key) !== md5) wrong.push(`${key} (${held.has(key) ? "other content" : "missing"})`);
  }
  for (const key of held.keys()) if (!seen.has(key) && !key.startsWith(OWN)) wrong.push(`${key} (not in the source)`);
  if (wrong.length > 0)
    throw new Error(`the bucket differs in ${wrong.length} objects: ${wrong.slice(0, 5).join(", ")}`);
}
