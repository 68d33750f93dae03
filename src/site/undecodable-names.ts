import { readdirSync } from "node:fs";

const REPLACEMENT = "\uFFFD";

/** A name on disk that is no text: what Node shows of it, and its bytes with the odd ones as \xNN. */
export interface UndecodableName {
  readonly shown: string;
  readonly bytes: string;
}

/** True when a name may be the stand-in for bytes that are not UTF-8 (or may really hold U+FFFD). */
export function isSuspicious(name: string): boolean {
  return name.includes(REPLACEMENT);
}

/**
 * Reads a directory's names as bytes and gives those that are not UTF-8, and the set of those that are. Needed only
 * where a name is suspicious: Node can't open such a file by the text it gave for it.
 */
export function readRawNames(dir: string): { decodable: Set<string>; undecodable: UndecodableName[] } {
  const decodable = new Set<string>();
  const undecodable: UndecodableName[] = [];
  for (const raw of readdirSync(dir, { encoding: "buffer" })) {
    const shown = raw.toString();
    if (Buffer.from(shown).equals(raw)) decodable.add(shown);
    else undecodable.push({ shown, bytes: escapeBytes(raw) });
  }
  return { decodable, undecodable };
}

function escapeBytes(raw: Uint8Array): string {
  return Array.from(raw, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
