import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

const DIGEST_BYTES = 32;

// Measured on a manifest of 100,000 files: level 6 takes twice the time of level 1 and saves 3%.
const LEVEL = 1;

// Node puts the pieces together at the end; so large, there is one as a rule, of which only what is used takes memory.
const LIKELY_RATIO = 4;
const LEAST_CHUNK = 1 << 16;

// A text of 100,000 files, packed as one, takes 150 MB while it is: as characters, as bytes, and packed.
const PIECE_CHARS = 1 << 19;

/** Packs a text so that no damage to it goes unnoticed: gzip (RFC 1952), then the SHA-256 of that. */
export function seal(text: string): Uint8Array {
  return sealParts([text]);
}

/** The same of a text that is given bit by bit; a long one in several members of gzip, which are one text to all readers. */
export function sealParts(parts: Iterable<string>): Uint8Array {
  const sealed: Uint8Array[] = [];
  const hash = createHash("sha256");
  for (const piece of inPieces(parts)) {
    const member = gzipSync(piece, { level: LEVEL });
    hash.update(member);
    sealed.push(member);
  }
  return Buffer.concat([...sealed, hash.digest()]);
}

/** The same text in pieces worth packing, and one at least. */
function* inPieces(parts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const part of parts) {
    if (piece.length >= PIECE_CHARS) {
      yield piece;
      piece = "";
    }
    piece += part;
  }
  yield piece;
}

/** The text that was sealed. Throws when a single bit is missing, added or changed. */
export function unseal(bytes: Uint8Array): string {
  return unsealBytes(bytes).toString();
}

/** The same in UTF-8, for what is too long to be held as a text besides. */
export function unsealBytes(bytes: Uint8Array): Buffer {
  const packed = bytes.subarray(0, -DIGEST_BYTES);
  if (!digest(packed).equals(bytes.subarray(-DIGEST_BYTES))) {
    throw new Error("it is cut off or damaged: its checksum does not match");
  }
  return gunzipSync(packed, { chunkSize: Math.max(LEAST_CHUNK, packed.length * LIKELY_RATIO) });
}

function digest(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
