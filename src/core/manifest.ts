import { z } from "zod";
import { inPathOrder, parseRelPath, type RelPath } from "./rel-path.ts";
import { sealParts, unsealBytes } from "./sealed.ts";
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

const NEWLINE = 0x0a;

const headerSchema = z.strictObject({
  format: z.literal(1),
  site: z.string(),
  generation: amount,
  run: z.string(),
  at: moment,
  files: amount,
});

/** Writes a manifest: a JSON line about it, then one JSON array per file, in path order, sealed. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return sealParts(encodeLines(manifest));
}

function* encodeLines({ files, ...about }: Manifest): Generator<string> {
  yield JSON.stringify({ ...about, files: files.size });
  for (const file of inPathOrder(files.values())) yield `\n${JSON.stringify(encodeFile(file))}`;
}

/** Reads a manifest. Throws when it is damaged, cut off, of a newer format, or in any way not what `encodeManifest` writes. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const lines = linesOf(unsealBytes(bytes));
  const { files: count, ...about } = parseStored("the manifest", parseJson(lines.next().value ?? "", 0), headerSchema);
  const files = new Map<RelPath, RemoteFile>();
  const share = createSharer();
  let at = 1;
  for (const line of lines) {
    const file = parseFile(parseJson(line, at), share);
    if (file === undefined || files.has(file.path)) throw malformed(at);
    files.set(file.path, file);
    at++;
  }
  if (files.size !== count) throw new Error(`the manifest names ${files.size} files but speaks of ${count}`);
  return { ...about, files };
}

/** One after the other, since the whole text of 100,000 files takes 40 MB. */
function* linesOf(text: Buffer): Generator<string, undefined> {
  for (let at = 0; at <= text.length; ) {
    const found = text.indexOf(NEWLINE, at);
    const end = found === -1 ? text.length : found;
    yield text.toString("utf8", at, end);
    at = end + 1;
  }
}

/** [path, size, sha256, etag, serving, since, generation]: what is not known is null, or left out at the end. */
function encodeFile({ path, size, sha256, etag, serving, leaving }: RemoteFile): unknown[] {
  if (leaving !== undefined)
    return [path, size, sha256, etag ?? null, serving ?? null, leaving.since, leaving.generation];
  if (serving !== undefined) return [path, size, sha256, etag ?? null, serving];
  return etag === undefined ? [path, size, sha256] : [path, size, sha256, etag];
}

const SHA256 = /^[0-9a-f]{64}$/;

// By hand, as it is done for every file of a site on every run: a schema takes ten times as long.
function parseFile(line: unknown, share: (text: string) => string): RemoteFile | undefined {
  if (!Array.isArray(line) || ![3, 4, 5, 7].includes(line.length)) return undefined;
  const [text, size, sha256, etag = null, serving = null, since, generation]: unknown[] = line;
  const path = typeof text === "string" ? parseRelPath(text) : undefined;
  if (path === undefined || !isAmount(size)) return undefined;
  if (sha256 !== null && (typeof sha256 !== "string" || !SHA256.test(sha256))) return undefined;
  if (line.length === 3) return { path, size, sha256 };
  if (etag !== null && typeof etag !== "string") return undefined;
  if (serving !== null && typeof serving !== "string") return undefined;
  if (line.length === 7 && !(isAmount(since) && isAmount(generation))) return undefined;
  return {
    path,
    size,
    sha256,
    ...(etag === null ? {} : { etag }),
    ...(serving === null ? {} : { serving: share(serving) }),
    ...(isAmount(since) && isAmount(generation) ? { leaving: { since, generation } } : {}),
  };
}

/** Gives equal texts as one and the same: many files are served in few ways. */
function createSharer(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const same = texts.get(text) ?? text;
    texts.set(same, same);
    return same;
  };
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
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
