import type { Readable } from "node:stream";
import type { Ctx } from "../core/context.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Source } from "../site/source.ts";
import type { PutResult } from "../targets/target.ts";
import { bodyToSend } from "./body-to-send.ts";
import { isSourceChanged } from "./checked-body.ts";

/** How often a file that the CMS rewrites under our hands is looked at again before it is given up. */
const MAX_REPLANS = 3;
/** Files below this are gone before a progress line could be read. */
const PROGRESS_FROM_BYTES = 1 << 20;
const PROGRESS_EVERY_MS = 200;

/** Where a file is sent from, and to: a target, or a stage. */
export interface Sending {
  /** The target's name, for events. */
  readonly name: string;
  readonly source: Source;
  readonly to: { put(file: FileMeta, body: () => Readable, ctx: Ctx): Promise<PutResult> };
}

/** A file that was sent: what it was by then, which may not be what was planned. */
export interface SentFile {
  readonly file: FileMeta;
  readonly result: PutResult;
  readonly seconds: number;
}

/**
 * Sends one file. When it is no longer what the plan says it is scanned and sent anew, at most three times; then, or
 * when it is gone, the put fails and the old version stays. `failedWith` is the error of a first attempt made elsewhere.
 */
export async function sendFile(sending: Sending, file: FileMeta, ctx: Ctx, failedWith?: unknown): Promise<SentFile> {
  const startedAt = ctx.clock.now();
  let error = failedWith;
  let latest = file;
  for (let attempt = error === undefined ? 0 : 1; ; attempt++) {
    if (attempt > 0) latest = await scanAnew(sending, latest, error, attempt, ctx);
    try {
      const result = await sending.to.put(latest, bodyOf(sending, latest, ctx), ctx);
      return { file: latest, result, seconds: (ctx.clock.now() - startedAt) / 1000 };
    } catch (failed) {
      error = failed;
    }
  }
}

function bodyOf({ name, source }: Sending, file: FileMeta, ctx: Ctx): () => Readable {
  const tell = tellProgress(name, file, ctx);
  return () => bodyToSend(file, source, tell);
}

/** What the file is now, when it failed because it changed; every other error is thrown on. */
async function scanAnew(
  { name: target, source }: Sending,
  { path }: FileMeta,
  error: unknown,
  attempt: number,
  ctx: Ctx,
): Promise<FileMeta> {
  if (!isSourceChanged(error) || attempt > MAX_REPLANS) throw error;
  ctx.emit({ type: "file-replanned", target, path, attempt });
  const found = await source.rescan(path, ctx);
  if (found !== undefined) return found;
  throw new SmartsyncError(`${path} was removed from the source while it was being delivered`, {
    kind: "partial",
    code: "source-vanished",
    hint: "nothing was deleted on the target; the next run follows the source as it is then",
    cause: error,
  });
}

/** Tells how far a big file is, five times a second at most. */
function tellProgress(target: string, { path, size }: FileMeta, ctx: Ctx): (sent: number) => void {
  let toldAt = ctx.clock.now();
  return (sent) => {
    if (size < PROGRESS_FROM_BYTES || ctx.clock.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = ctx.clock.now();
    ctx.emit({ type: "file-progress", target, path, sent, size });
  };
}
