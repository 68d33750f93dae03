import { createHash } from "node:crypto";

/** What bytes can be compressed with before they are sent. */
export const COMPRESSIONS = ["gzip", "br", "zstd"] as const;

/** A way to compress. */
export type Compression = (typeof COMPRESSIONS)[number];

/** The headers a store answers visitors with, and what it does instead of answering. */
export interface ServingHeaders {
  readonly contentType: string;
  readonly cacheControl?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  /** Custom metadata by lower-case name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Where visitors are sent instead, in stores that can (S3). */
  readonly redirect?: string;
  /** The bytes are compressed on their way; `contentEncoding` says the same. */
  readonly compress?: Compression;
}

/** How a store that answers visitors itself serves a file: as much a part of the site as its content. */
export interface Serving extends ServingHeaders {
  /** `servingHash` of the rest. */
  readonly hash: string;
}

/**
 * Equal exactly when two files are served alike: how the bytes are compressed, a dash, and 16 hexadecimal digits over
 * everything else: "plain-0f…", "gzip-3a…".
 */
export function servingHash(headers: ServingHeaders): string {
  const { metadata = {}, compress } = headers;
  const told = [
    headers.contentType,
    headers.cacheControl,
    headers.contentEncoding,
    headers.contentDisposition,
    headers.contentLanguage,
    Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
    headers.redirect,
  ];
  const digest = createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 16);
  return `${compress ?? "plain"}-${digest}`;
}

/** How an object is served whose bytes are known to be the file's own, and whose headers nobody knows. */
export const UNKNOWN_SERVING = "plain-unknown";

/** True when two `servingHash`es are of the same bytes: then headers alone can be changed, without sending them again. */
export function isSameEncoding(one: string, other: string): boolean {
  return encodingOf(one) === encodingOf(other);
}

function encodingOf(hash: string): string {
  return hash.slice(0, hash.indexOf("-"));
}
