import { createHash } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import type { Ctx } from "../../src/core/context.ts";
import { throwIfAborted } from "../../src/lib/abort.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type {
  Condition,
  ObjectAttributes,
  ObjectStore,
  StoredObject,
  Written,
} from "../../src/targets/objects/object-store.ts";

/** An object as the bucket holds it. */
interface MemoryObject {
  readonly content: Uint8Array;
  readonly attributes: ObjectAttributes;
  readonly etag: string;
  readonly mtimeMs: number;
}

/** A request to the bucket. A list makes one for each page, a removal one for each 1,000 keys. */
type MemoryRequest = Exclude<
  keyof ObjectStore,
  "place" | "features" | "concurrency" | "names" | "conditions" | "largeFrom" | "examine" | symbol
> &
  string;

/** Every request there is, a held object's own among them. */
export type MemoryCall = MemoryRequest | "commit" | "discard";

/** What a store on the bucket says of itself, and whether the bucket keeps to it. */
export interface MemoryStoreSettings
  extends Partial<Pick<ObjectStore, "place" | "concurrency" | "names" | "conditions" | "largeFrom">> {
  /** False: conditions of writes are ignored, as some servers do. */
  readonly honoursConditions?: boolean;
}

/** A bucket in memory. What it holds is open to tests, which may also change it behind the store's back. */
export interface MemoryBucket {
  readonly objects: Map<string, MemoryObject>;
  /** What lies there without being seen, by a number of its own. */
  readonly held: Map<number, { readonly key: string; readonly since: number }>;
  /** How many requests of each kind were made, those that failed included. */
  readonly requests: Map<MemoryCall, number>;
  /** Waited for before a request does anything: what it throws is the answer. `key` is a list's prefix. */
  before: (call: MemoryCall, key: string, ctx: Ctx) => Promise<void> | void;
  /** Waited for once a request took effect: what it throws is the answer. */
  after: (call: MemoryCall, key: string, ctx: Ctx) => Promise<void> | void;
  /** Lays an object there, past any store. */
  lay(key: string, content: Uint8Array, attributes?: ObjectAttributes): Written;
  open(settings?: MemoryStoreSettings): ObjectStore;
}

const PAGE = 1_000;
let numbers = 0;

/** Makes a bucket that holds everything in memory, and whose stores keep the whole contract. */
export function createMemoryBucket(): MemoryBucket {
  let changes = 0;
  const bucket: MemoryBucket = {
    objects: new Map(),
    held: new Map(),
    requests: new Map(),
    before: () => {},
    after: () => {},
    lay(key, content, attributes = {}) {
      const etag = `v${++changes}`;
      bucket.objects.set(key, { content: content.slice(), attributes, etag, mtimeMs: Date.now() });
      return { etag };
    },
    open: (settings = {}) => openStore(bucket, settings),
  };
  return bucket;
}

function openStore(bucket: MemoryBucket, settings: MemoryStoreSettings): ObjectStore {
  const { objects, held } = bucket;
  const { honoursConditions = settings.conditions !== "no", ...said } = settings;

  /** One request: told to the tests' own hooks, before and after. */
  async function request<T>(call: MemoryCall, key: string, ctx: Ctx, work: () => T): Promise<T> {
    throwIfAborted(ctx.signal);
    // Whoever polls must not keep the others from their work.
    await setImmediate();
    bucket.requests.set(call, (bucket.requests.get(call) ?? 0) + 1);
    await bucket.before(call, key, ctx);
    throwIfAborted(ctx.signal);
    const result = work();
    await bucket.after(call, key, ctx);
    return result;
  }

  function check(key: string, condition: Condition | undefined): void {
    if (condition === undefined || !honoursConditions) return;
    const found = objects.get(key);
    const isMet = "ifAbsent" in condition ? found === undefined : found?.etag === condition.ifMatch;
    if (!isMet) throw conditionFailed(key);
  }

  return {
    place: "memory://bucket",
    features: ["memory"],
    concurrency: 16,
    names: { foldsCase: false, foldsUnicode: false, maxSegmentBytes: 1024, maxPathBytes: 1024, windows: false },
    conditions: "yes",
    largeFrom: 8 << 20,
    ...said,
    async *list({ prefix, from, until }, ctx) {
      for (let start = from, isFirst = true; ; isFirst = false) {
        const page = await request("list", prefix, ctx, () => pageOf(objects, prefix, start, isFirst));
        const inside = until === undefined ? page : page.filter(({ key }) => compareKeys(key, until) < 0);
        yield inside;
        const last = page.at(-1);
        if (page.length < PAGE || inside.length < page.length || last === undefined) return;
        start = last.key;
      }
    },
    get: (key, ctx) =>
      request("get", key, ctx, () => {
        const found = objects.get(key);
        return found && { content: found.content.slice(), etag: found.etag };
      }),
    head: (key, ctx) =>
      request("head", key, ctx, () => {
        const found = objects.get(key);
        return found && { ...listing(key, found), ...written(found.attributes) };
      }),
    put: (key, content, attributes, ctx, condition) =>
      request("put", key, ctx, () => {
        check(key, condition);
        return bucket.lay(key, content, attributes);
      }),
    async putLarge(key, body, attributes, ctx) {
      const content = await receive(body, ctx.signal);
      return request("putLarge", key, ctx, () => bucket.lay(key, content, attributes));
    },
    copy: (from, to, { attributes, ifMatch }, ctx) =>
      request("copy", from, ctx, () => {
        const found = objects.get(from);
        if (found === undefined) throw notFound(from);
        if (ifMatch !== undefined && found.etag !== ifMatch) throw conditionFailed(from);
        return bucket.lay(to, found.content, attributes ?? found.attributes);
      }),
    async remove(keys, ctx, done) {
      throwIfAborted(ctx.signal);
      for (let at = 0; at < keys.length; at += PAGE) {
        const some = keys.slice(at, at + PAGE);
        await request("remove", some[0] ?? "", ctx, () => {
          for (const key of some) objects.delete(key);
        });
        for (const key of some) done?.(key);
      }
    },
    async hold(key, _beside, body, attributes, ctx) {
      const content = body instanceof Readable ? await receive(body, ctx.signal) : body.slice();
      const number = await request("hold", key, ctx, () => {
        held.set(++numbers, { key, since: Date.now() });
        return numbers;
      });
      let committed: Written | undefined;
      return {
        commit: (commitCtx) =>
          request("commit", key, commitCtx, () => {
            if (committed === undefined && !held.delete(number)) throw notFound(`what was held for ${key}`);
            committed ??= bucket.lay(key, content, attributes);
            return committed;
          }),
        discard: (discardCtx) => request("discard", key, discardCtx, () => void held.delete(number)),
      };
    },
    dropHeld: (keys, since, ctx) =>
      request("dropHeld", "", ctx, () => {
        for (const [number, { key, since: begun }] of held) if (keys.has(key) && begun >= since) held.delete(number);
      }),
    async [Symbol.asyncDispose]() {
      // Memory needs no closing.
    },
  };
}

function pageOf(
  objects: ReadonlyMap<string, MemoryObject>,
  prefix: string,
  start: string | undefined,
  includesStart: boolean,
): StoredObject[] {
  const from = includesStart ? 0 : 1;
  return [...objects]
    .filter(([key]) => key.startsWith(prefix) && (start === undefined || compareKeys(key, start) >= from))
    .sort(([a], [b]) => compareKeys(a, b))
    .slice(0, PAGE)
    .map(([key, object]) => listing(key, object));
}

function listing(key: string, { content, etag, mtimeMs }: MemoryObject): StoredObject {
  return { key, size: content.length, etag, mtimeMs, md5: createHash("md5").update(content).digest("hex") };
}

function written({ sha256, serving }: ObjectAttributes): Pick<StoredObject, "sha256" | "serving"> {
  return { ...(sha256 && { sha256 }), ...(serving && { serving: serving.hash }) };
}

/** By UTF-8 bytes. Only surrogates are in another order than JavaScript has it. */
function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (/[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

async function receive(body: Readable, signal: AbortSignal): Promise<Uint8Array> {
  throwIfAborted(signal);
  try {
    return await buffer(addAbortSignal(signal, body));
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

function conditionFailed(key: string): SmartsyncError {
  const details = { kind: "conflict", code: "condition-failed" } as const;
  return new SmartsyncError(`could not write ${key}: the object is not as expected`, details);
}

function notFound(what: string): SmartsyncError {
  return new SmartsyncError(`there is no ${what}`, { kind: "not-found", code: "not-found" });
}
