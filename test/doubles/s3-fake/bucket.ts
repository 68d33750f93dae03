import { createHash } from "node:crypto";
import { demand, S3Fault } from "./fault.ts";

/** An object as it lies in a bucket. */
export interface S3Object {
  readonly bytes: Buffer;
  /** Without quotes. */
  readonly etag: string;
  readonly mtimeMs: number;
  /** What GET and HEAD answer with, by lower-case name: content-type, cache-control, x-amz-meta-…, and so on. */
  readonly headers: Readonly<Record<string, string>>;
  /** As x-amz-tagging brought them: "a=1&b=2". */
  readonly tags?: string;
}

/** A part of a multipart upload. */
export interface S3Part {
  readonly bytes: Buffer;
  readonly md5: string;
}

/** A multipart upload that is neither completed nor aborted. */
export interface S3Upload {
  readonly id: string;
  readonly key: string;
  readonly startedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags?: string;
  readonly parts: Map<number, S3Part>;
}

/** One bucket of the fake. Its contents are public: a test may look and change what it likes. */
export class S3FakeBucket {
  readonly name: string;
  readonly region: string;
  readonly uploads = new Map<string, S3Upload>();
  /** The etags of uploads that are done: completing one again gives the same answer, as S3 does for a while. */
  readonly completed = new Map<string, string>();
  readonly #objects = new Map<string, S3Object>();
  #sorted: readonly string[] | undefined;

  constructor(name: string, region: string) {
    this.name = name;
    this.region = region;
  }

  get(key: string): S3Object | undefined {
    return this.#objects.get(key);
  }

  set(key: string, object: S3Object): void {
    if (!this.#objects.has(key)) this.#sorted = undefined;
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#sorted = undefined;
  }

  /** Every key, in the order S3 lists them: by the bytes of their UTF-8. */
  keys(): readonly string[] {
    this.#sorted ??= [...this.#objects.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .sort((a, b) => a.bytes.compare(b.bytes))
      .map(({ key }) => key);
    return this.#sorted;
  }

  /** The upload of this id; throws when there is none for this key. */
  upload(id: string | undefined, key: string): S3Upload {
    const upload = this.uploads.get(id ?? "");
    demand(
      upload?.key === key,
      404,
      "NoSuchUpload",
      "The specified upload does not exist. It may have been completed or aborted.",
    );
    return upload;
  }
}

/** Throws unless what is there meets the request's If-None-Match and If-Match, as S3's conditional writes ask. */
export function checkConditions(headers: Readonly<Record<string, string>>, held: S3Object | undefined): void {
  const { "if-none-match": noneMatch, "if-match": match } = headers;
  if (noneMatch !== undefined) {
    demand(noneMatch === "*", 501, "NotImplemented", "If-None-Match takes nothing but *");
    demand(
      held === undefined,
      412,
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold",
    );
  }
  if (match === undefined) return;
  if (held === undefined) throw new S3Fault(404, "NoSuchKey", "The specified key does not exist.");
  demand(
    unquoted(match) === held.etag,
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
  );
}

/** An entity tag without its quotes. */
export function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, "$1");
}

/** The MD5 of the parts' MD5s, a dash, and how many there are. */
export function multipartEtag(parts: readonly S3Part[]): string {
  const digest = createHash("md5");
  for (const { md5 } of parts) digest.update(md5, "hex");
  return `${digest.digest("hex")}-${parts.length}`;
}
