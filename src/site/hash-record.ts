import type { Delivered } from "./hash-file.ts";
import type { FileStamp } from "./listing.ts";

/** A file as it was when it was hashed, and what its delivered bytes were. */
export interface HashedFile extends Delivered {
  readonly name: string;
  readonly stamp: Omit<FileStamp, "mode">;
}

/** A directory's record from an earlier run: columns, read in place, in the order of the names. */
export interface HashRecord {
  readonly names: readonly string[];
  /** COLUMNS numbers for each name: size, mtimeMs, ctimeMs, ino, deliveredSize. */
  readonly numbers: Float64Array;
  /** SHA256_LENGTH characters for each name. */
  readonly hashes: string;
  /** `FileMeta.charset` for each name, "" for none; empty where no file has one. */
  readonly charsets: readonly string[];
}

/** How many numbers a record keeps of a file. */
export const COLUMNS = 5;
/** The length of a SHA-256 in hexadecimal. */
export const SHA256_LENGTH = 64;

/** Changes whenever the layout does; a record in another one is as good as none. */
const FORMAT = 2;
const HEADER_BYTES = 16;
/** The coarsest clock of a file system in use (FAT) ticks every two seconds. */
const RACY_MS = 2_000;

/**
 * True when a file was hashed so soon after it was changed that a later change could carry the same times: such a hash
 * is good for this run and must not be remembered. Every change sets the change time, and nobody can set it back.
 */
export function isRacy({ ctimeMs }: Pick<FileStamp, "ctimeMs">, hashedAtMs: number): boolean {
  return ctimeMs > hashedAtMs - RACY_MS;
}

/** Packs what is known of a directory's files, given in the order of their names. */
export function packRecord(files: readonly HashedFile[]): Uint8Array {
  const numbers = new Float64Array(2 + files.length * COLUMNS);
  numbers.set([FORMAT, files.length]);
  files.forEach(({ stamp, deliveredSize }, index) => {
    numbers.set([stamp.size, stamp.mtimeMs, stamp.ctimeMs, stamp.ino, deliveredSize], 2 + index * COLUMNS);
  });
  const hashes = Buffer.from(files.map(({ sha256 }) => sha256).join(""), "latin1");
  const names = files.map(({ name }) => name).join("\0");
  const charsets = files.some(({ charset }) => charset) ? files.map(({ charset }) => charset ?? "").join("\0") : "";
  // No name holds a slash.
  return Buffer.concat([new Uint8Array(numbers.buffer), hashes, Buffer.from(`${names}/${charsets}`)]);
}

/** Opens a record; undefined when there is none, or one that is damaged or of another format. */
export function openRecord(record: Uint8Array | undefined): HashRecord | undefined {
  if (record === undefined || record.byteLength < HEADER_BYTES) return undefined;
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const [format, count] = [bytes.readDoubleLE(0), bytes.readDoubleLE(8)];
  const numbersEnd = HEADER_BYTES + count * COLUMNS * Float64Array.BYTES_PER_ELEMENT;
  const hashesEnd = numbersEnd + count * SHA256_LENGTH;
  if (format !== FORMAT || !(hashesEnd >= HEADER_BYTES && hashesEnd <= record.byteLength)) return undefined;
  const [names, charsets] = bytes.toString("utf8", hashesEnd).split("/").map(splitList);
  if (names === undefined || charsets === undefined || names.length !== count) return undefined;
  return {
    names,
    numbers: numbersIn(record, HEADER_BYTES, numbersEnd),
    hashes: bytes.toString("latin1", numbersEnd, hashesEnd),
    charsets,
  };
}

function splitList(text: string): string[] {
  return text === "" ? [] : text.split("\0");
}

/** Read in place where they are aligned, as they are when the record is a buffer of its own; else a copy. */
function numbersIn(record: Uint8Array, start: number, end: number): Float64Array {
  const bytes = record.subarray(start, end);
  const aligned = bytes.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new Float64Array(aligned.buffer, aligned.byteOffset, (end - start) / Float64Array.BYTES_PER_ELEMENT);
}
