import type { RelPath } from "./rel-path.ts";
import { isSameEncoding, UNKNOWN_SERVING } from "./serving.ts";
import type { FileMeta, RemoteFile } from "./snapshot.ts";

/** A file as its target lists it; what it does not say is absent. */
export interface ListedFile {
  readonly path: RelPath;
  /** Of the bytes that lie there. */
  readonly size: number;
  readonly etag?: string;
  /** Lower-case hexadecimal MD5 of the bytes that lie there. */
  readonly md5?: string;
  /** What smartsync wrote beside it: `FileMeta.sha256` and `Serving.hash`. */
  readonly sha256?: string;
  readonly serving?: string;
}

/** A file that is not there as the target's records have it, or that they do not know. */
export interface Doubt {
  readonly there: ListedFile;
  /** As the records have it. */
  readonly known: RemoteFile | undefined;
  /** As the site has it now. */
  readonly local: FileMeta | undefined;
}

/** What lies there after all: `FileMeta.sha256`, and `Serving.hash` of how it is served. */
export interface Identity {
  readonly sha256: string;
  readonly serving: string;
}

/** How the bytes that lie there compare to those of the site, uncompressed. */
export type BytesVerdict = "equal" | "different" | "undecided";

/**
 * What a file is, by what its target says of it and how its bytes compare; undefined when nobody knows. What the bytes
 * prove goes before what is written beside them.
 */
export function identityOf(there: ListedFile, local: FileMeta | undefined, bytes: BytesVerdict): Identity | undefined {
  const { sha256, serving } = there;
  const told = sha256 === undefined || serving === undefined ? undefined : { sha256, serving };
  if (local === undefined || bytes === "undecided") return told;
  const isToldAsLocal = told?.sha256 === local.sha256 && isSameEncoding(told.serving, UNKNOWN_SERVING);
  if (bytes === "different") return isToldAsLocal ? undefined : told;
  return isToldAsLocal ? told : { sha256: local.sha256, serving: UNKNOWN_SERVING };
}

/**
 * Whether it is worth a request to ask what is written beside a file: where that may spare sending it, or setting the
 * headers of one that smartsync may have put there itself. What another tool wrote says nothing of headers.
 */
export function isWorthDescribing({ there, known, local }: Doubt, bytes: BytesVerdict): boolean {
  if (local === undefined || there.sha256 !== undefined) return false;
  if (bytes === "equal") return known !== undefined;
  return bytes === "undecided" || local.serving?.compress !== undefined;
}

const MIB = 1 << 20;

/** What the tools that fill buckets send large files in by default: SDKs, aws, rclone, s3cmd, s5cmd and others, in MiB. */
const PART_SIZES = [5, 8, 10, 15, 16, 25, 32, 50, 64, 100, 128, 256, 512];

/**
 * The sizes of the parts that an object of so many bytes may have been sent in, by its etag: S3 gives one that was sent
 * in parts the MD5 of their MD5s, a dash, and their number. None when the etag is not of that kind.
 */
export function likelyPartSizes(etag: string, size: number): readonly number[] {
  const parts = Number(/^[0-9a-f]{32}-([1-9]\d*)$/.exec(etag)?.[1]);
  const sizes = PART_SIZES.map((mib) => Math.min(mib * MIB, size)).filter((part) => Math.ceil(size / part) === parts);
  return [...new Set(sizes)];
}
