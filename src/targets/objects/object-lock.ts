import { randomBytes } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { isConditionFailed } from "./condition-failed.ts";
import type { ObjectPlace } from "./object-place.ts";
import { proveConditions } from "./prove-conditions.ts";

/** The name of the lock among the records. */
export const LOCK = "lock";

/** Where nothing can be put only if absent: so long after writing the lock it is read again. */
const SETTLE_MS = 2_000;

/** One writer per target, told by an object that is there while somebody has the lock. */
export interface ObjectLock {
  /** How it is taken, for people. */
  describe(ctx: Ctx): Promise<string>;
  /** Writes the owner's record; false when somebody has the lock. */
  take(owner: Uint8Array, ctx: Ctx): Promise<boolean>;
  read(ctx: Ctx): Promise<Uint8Array | undefined>;
  /** Replaces the owner's record. Throws "lock-lost" (kind conflict) when it is somebody else's by now. */
  renew(owner: Uint8Array, ctx: Ctx): Promise<void>;
  drop(ctx: Ctx): Promise<void>;
}

/** The lock among these records. */
export function createObjectLock({ store, prefix }: ObjectPlace["state"]): ObjectLock {
  const key = prefix + LOCK;
  /** Of the record that this lock was taken or renewed with. */
  let heldEtag: string | undefined;
  let proof: Promise<boolean> | undefined;

  async function isConditional(ctx: Ctx): Promise<boolean> {
    if (store.conditions !== "unproven") return store.conditions === "yes";
    proof ??= proveConditions(store, `${prefix}probe-${randomBytes(4).toString("hex")}`, ctx);
    try {
      return await proof;
    } catch (error) {
      proof = undefined;
      throw error;
    }
  }

  async function takeIfAbsent(owner: Uint8Array, ctx: Ctx): Promise<boolean> {
    try {
      heldEtag = (await store.put(key, owner, {}, ctx, { ifAbsent: true })).etag;
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  /** Of several who write at the same time the last one has it: the others read its record. */
  async function takeByReadingBack(owner: Uint8Array, ctx: Ctx): Promise<boolean> {
    if ((await store.get(key, ctx)) !== undefined) return false;
    await store.put(key, owner, {}, ctx);
    await settle(ctx);
    return isHeldWith(owner, ctx);
  }

  async function isHeldWith(owner: Uint8Array, ctx: Ctx): Promise<boolean> {
    const found = await store.get(key, ctx);
    if (found === undefined || Buffer.compare(found.content, owner) !== 0) return false;
    heldEtag = found.etag;
    return true;
  }

  return {
    async describe(ctx) {
      if (await isConditional(ctx)) return "lock by conditional create";
      return "lock by writing and reading back: the store can't create only if absent, so two deliveries that begin within the same two seconds may both go on until one of them next looks at the lock";
    },
    async take(owner, ctx) {
      return (await isConditional(ctx)) ? takeIfAbsent(owner, ctx) : takeByReadingBack(owner, ctx);
    },
    async read(ctx) {
      return (await store.get(key, ctx))?.content;
    },
    async renew(owner, ctx) {
      const condition = heldEtag !== undefined && (await isConditional(ctx)) ? { ifMatch: heldEtag } : undefined;
      try {
        heldEtag = (await store.put(key, owner, {}, ctx, condition)).etag;
      } catch (error) {
        if (!isConditionFailed(error)) throw error;
        // The answer to an earlier attempt may have been lost.
        if (!(await isHeldWith(owner, ctx))) throw lockLost(error);
      }
    },
    async drop(ctx) {
      heldEtag = undefined;
      await store.remove([key], ctx);
    },
  };
}

async function settle({ clock, signal }: Ctx): Promise<void> {
  try {
    await clock.sleep(SETTLE_MS, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

function lockLost(cause: unknown): SmartsyncError {
  return new SmartsyncError("the lock was lost: it is somebody else's by now", {
    kind: "conflict",
    code: "lock-lost",
    hint: "run the delivery again; it takes up where this one stopped",
    cause,
  });
}
