import { z } from "zod";
import { inPathOrder, parseRelPath, type RelPath } from "./rel-path.ts";
import { seal, unseal } from "./sealed.ts";
import type { RemoteFile } from "./snapshot.ts";
import { amount, moment, parseStored } from "./stored.ts";

/** What a target held when a delivery had ended. */
export interface Manifest {
  readonly format: 1;
  readonly site: string;
  /** Grows by one with every manifest a target is given. */
  readonly generation: number;
  /** The delivery that wrote it. */
  readonly run: string;
  /** When it was written, ISO 8601 in UTC. */
  readonly at: string;
  readonly files: ReadonlyMap<RelPath, RemoteFile>;
}

const headerSchema = z.strictObject({
  format: z.literal(1),
  site: z.string(),
  generation: amount,
  run: z.string(),
  at: moment,
  files: amount,
});

/** Writes a manifest: a JSON line about it, then one JSON array per file, in path order, sealed. */
export function encodeManifest({ files, ...about }: Manifest): Uint8Array {
  const lines = [JSON.stringify({ ...about, files: files.size })];
  for (const { path, size, sha256, etag } of inPathOrder(files.values())) {
    lines.push(JSON.stringify(etag === undefined ? [path, size, sha256] : [path, size, sha256, etag]));
  }
  return seal(lines.join("\n"));
}

/** Reads a manifest. Throws when it is damaged, cut off, of a newer format, or in any way not what `encodeManifest` writes. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const lines = unseal(bytes).split("\n");
  const { files: count, ...about } = parseStored("the manifest", parseJson(lines[0] ?? "", 0), headerSchema);
  const files = new Map<RelPath, RemoteFile>();
  for (let at = 1; at < lines.length; at++) {
    const file = parseFile(parseJson(lines[at] ?? "", at));
    if (file === undefined || files.has(file.path)) throw malformed(at);
    files.set(file.path, file);
  }
  if (files.size !== count) throw new Error(`the manifest names ${files.size} files but speaks of ${count}`);
  return { ...about, files };
}

const SHA256 = /^[0-9a-f]{64}$/;

// By hand, as it is done for every file of a site on every run: a schema takes ten times as long.
function parseFile(line: unknown): RemoteFile | undefined {
  if (!Array.isArray(line) || line.length < 3 || line.length > 4) return undefined;
  const [text, size, sha256, etag]: unknown[] = line;
  const path = typeof text === "string" ? parseRelPath(text) : undefined;
  if (path === undefined || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return undefined;
  if (sha256 !== null && (typeof sha256 !== "string" || !SHA256.test(sha256))) return undefined;
  if (line.length === 3) return { path, size, sha256 };
  return typeof etag === "string" ? { path, size, sha256, etag } : undefined;
}

function parseJson(line: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw malformed(at);
  }
}

function malformed(at: number): Error {
  return new Error(`line ${at + 1} of the manifest is not what smartsync writes`);
}
