import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";

const DIGEST_BYTES = 32;

// Measured on a manifest of 100,000 files: level 6 takes twice the time of level 1 and saves 3%.
const LEVEL = 1;

// Node puts the pieces together at the end, and its own 16 KiB make a thousand of them.
const CHUNK = 1 << 20;

/** Packs a text so that no damage to it goes unnoticed: gzip (RFC 1952), then the SHA-256 of that. */
export function seal(text: string): Uint8Array {
  const packed = gzipSync(text, { level: LEVEL });
  return Buffer.concat([packed, digest(packed)]);
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
  return gunzipSync(packed, { chunkSize: CHUNK });
}

function digest(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
