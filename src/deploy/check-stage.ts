import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { PutChange } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { RelPath } from "../core/rel-path.ts";
import { isNotFound, SmartsyncError } from "../lib/errors.ts";
import type { Target } from "../targets/target.ts";
import { type Finding, ok } from "./check.ts";
import { takeLock } from "./lock.ts";
import { observe } from "./observe.ts";
import { probeMismatch } from "./probe.ts";

/**
 * Whether a delivery can be laid beside what visitors see, published, and put back: with one
 * file at `path`, in a directory that is not there yet. Holds the lock meanwhile, and leaves a delivery alone that is
 * under way or was interrupted, because its stage would have to make way.
 */
export async function checkStage(target: Target, run: string, path: RelPath, ctx: Ctx): Promise<Finding> {
  if (target.stage === undefined) return ok("not possible there: every file is published as it comes");
  await using lock = await lockOrNothing(target, run, ctx);
  if (lock === undefined) return notTried("another delivery is at work");
  const { interrupted } = await observe(target, { get: () => undefined, set: () => undefined }, ctx);
  if (interrupted !== null) return notTried("an interrupted delivery waits to be taken up");
  const content = Buffer.from(`smartsync probe ${run}, staged\n`);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const change: PutChange = {
    kind: "put",
    reason: "new",
    file: { path, size: content.length, sha256, mtimeMs: ctx.clock.now(), mode: 0o644 },
  };
  await using stage = await target.stage(run, ctx);
  await stage.put(change.file, () => Readable.from([content]), ctx);
  const missingDirs = [path.slice(0, path.lastIndexOf("/"))];
  await stage.prepare({ phases: [{ name: "pages", changes: [change] }], missingDirs, emptied: [] }, ctx);
  if (await isThere(target, path, ctx)) throw probeMismatch("shows a file before it was published");
  await stage.publish(ctx, () => undefined);
  if (!(await isThere(target, path, ctx))) throw probeMismatch("does not show a file that was published");
  await stage.revert(ctx);
  if (await isThere(target, path, ctx)) throw probeMismatch("still shows a file after it was taken back");
  return ok("laid beside the site, published, put back");
}

/** The lock, or undefined when somebody at work has it. */
async function lockOrNothing(target: Target, run: string, ctx: Ctx) {
  try {
    return await takeLock(target, { run, trigger: "doctor" }, ctx);
  } catch (error) {
    if (error instanceof SmartsyncError && error.code === "locked") return undefined;
    throw error;
  }
}

async function isThere(target: Target, path: RelPath, ctx: Ctx): Promise<boolean> {
  try {
    await target.get(path, ctx);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

function notTried(because: string): Finding {
  return { outcome: "warning", detail: `not tried: ${because}`, hint: "run doctor again when it is done" };
}
