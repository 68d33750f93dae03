import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import type { NameRules } from "../../core/names.ts";
import type { Serving } from "../../core/serving.ts";

/** An object as its store tells of it. */
export interface StoredObject {
  readonly key: string;
  /** Bytes that lie there. */
  readonly size: number;
  /** Changes whenever the object does; what it is made of is the store's own affair. Never with quotes around it. */
  readonly etag: string;
  readonly mtimeMs?: number;
  /** Lower-case hexadecimal MD5 of the bytes that lie there, where the store says it for certain. */
  readonly md5?: string;
  /** What was given as `ObjectAttributes.sha256`, and the hash of what was given as its `serving`. */
  readonly sha256?: string;
  readonly serving?: string;
}

/** Everything an object is given besides its bytes; nothing of an older object under its key is kept. */
export interface ObjectAttributes {
  /** How visitors are answered; absent for smartsync's own records. */
  readonly serving?: Serving;
  /** `FileMeta.sha256`, to be told by `head` and, where that costs nothing, by `list`. */
  readonly sha256?: string;
  /** Milliseconds since the epoch: the file's own time, to be kept as metadata where other tools look for one. */
  readonly mtimeMs?: number;
}

/** When a write may happen: only if the key is free, or only if the object still has this etag. */
export type Condition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/** What a store says of an object it was given. */
export interface Written {
  readonly etag: string;
}

/** An object whose bytes lie in the store and which nobody sees yet. */
export interface HeldObject {
  /** Makes it visible under its key, with all its attributes, in one small step; again after a transient failure. */
  commit(ctx: Ctx): Promise<Written>;
  /** Takes the bytes away; not to be called after `commit`. */
  discard(ctx: Ctx): Promise<void>;
}

/**
 * One bucket of whichever provider: only what all of them can, with whole keys and no knowledge of sites. Every call may
 * be made many times at once; every failure is a SmartsyncError, "transient" only where the same call may succeed a moment
 * later: the callers retry those, so an implementation need not. Writes are visible to reads and lists at once.
 */
export interface ObjectStore extends AsyncDisposable {
  /** For people, with the key put behind it: "s3://www-example". */
  readonly place: string;
  /** What the probe found, for `doctor`. */
  readonly features: readonly string[];
  /** How many requests are worth having in flight. */
  readonly concurrency: number;
  /** What keys it takes; paths are refused by these before anything is sent. */
  readonly names: NameRules;
  /**
   * Whether conditional writes can be relied on: "yes"; "no"; or "unproven": where they may be answered with an error or
   * be ignored, so that whoever relies on one has to prove it first.
   */
  readonly conditions: "yes" | "no" | "unproven";
  /** False where no object can send visitors elsewhere: `Serving.redirect` is ignored then. */
  readonly redirects?: false;
  /** Objects from this size on are sent with `putLarge`. */
  readonly largeFrom: number;
  /**
   * False where the provider lists only by prefix, in an order of its own: a range then is cut out of the whole, which
   * nobody should ask for many times, and keys come in that order.
   */
  readonly cutsRanges?: false;
  /** The objects whose keys begin with `prefix` and are neither below `from` nor from `until` on (by UTF-8 bytes), page by page, in key order. */
  list(range: { prefix: string; from?: string; until?: string }, ctx: Ctx): AsyncIterable<readonly StoredObject[]>;
  /** The content and its etag; undefined only when it is certain that there is no such object. */
  get(key: string, ctx: Ctx): Promise<{ content: Uint8Array; etag: string } | undefined>;
  /** Everything the store says of one object; undefined only when it is certain that there is none. */
  head(key: string, ctx: Ctx): Promise<StoredObject | undefined>;
  /** Writes a whole object. When the condition is not met: "condition-failed" (kind conflict). */
  put(
    key: string,
    content: Uint8Array,
    attributes: ObjectAttributes,
    ctx: Ctx,
    condition?: Condition,
  ): Promise<Written>;
  /** The same for a body of any length, in parts, with memory that does not grow with it; a body that errors leaves what was there, and its own error is thrown. Takes away what a killed call left under this key. */
  putLarge(key: string, body: Readable, attributes: ObjectAttributes, ctx: Ctx): Promise<Written>;
  /**
   * Copies within the store, in one step. With `attributes` the copy gets these, else the original's; with `ifMatch` only
   * if the original has this etag ("condition-failed"). "not-found" when there is no original. `from` and `to` may be the same.
   */
  copy(
    from: string,
    to: string,
    how: { readonly attributes?: ObjectAttributes; readonly ifMatch?: string },
    ctx: Ctx,
  ): Promise<Written>;
  /** Deletes; absent keys are fine. `done` is told each as it is gone; when some can't be deleted the rest are, and it throws. */
  remove(keys: readonly string[], ctx: Ctx, done?: (key: string) => void): Promise<void>;
  /** Lays an object's bytes in the store without anybody seeing them; `beside` is a free key that may be used for that. */
  hold(
    key: string,
    beside: string,
    body: Uint8Array | Readable,
    attributes: ObjectAttributes,
    ctx: Ctx,
  ): Promise<HeldObject>;
  /** Takes away what killed runs held for these keys since then (milliseconds since the epoch), where it does not lie at a key of its own. */
  dropHeld(keys: ReadonlySet<string>, since: number, ctx: Ctx): Promise<void>;
  /** Looks whether what a delivery needs is allowed and works, and says what was found; throws what a delivery would fail with. Only for `doctor`. */
  examine?(scratchKey: string, ctx: Ctx): Promise<readonly string[]>;
}
