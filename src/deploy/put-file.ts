import type { PutChange } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { ApplyInput } from "./apply.ts";
import { checkedBody } from "./checked-body.ts";

/** How often a file that the CMS rewrites under our hands is looked at again before it is given up. */
const MAX_REPLANS = 3;
/** Files below this are gone before a progress line could be read. */
const PROGRESS_FROM_BYTES = 1 << 20;
const PROGRESS_EVERY_MS = 200;

/**
 * Sends one file and records it. A file that is no longer what the plan says is scanned and sent anew, at most three
 * times; then, or when it is gone, the put fails and the old version stays on the target.
 */
export async function putFile(input: ApplyInput, change: PutChange, ctx: Ctx): Promise<void> {
  const { name: target, source, ledger } = input;
  const startedAt = ctx.clock.now();
  let { file } = change;
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await input.target.put(file, bodyOf(input, file, ctx), ctx);
      ledger.recordPut(file, result);
      const seconds = (ctx.clock.now() - startedAt) / 1000;
      ctx.emit({ type: "file-put", target, path: file.path, size: file.size, reason: change.reason, seconds });
      return;
    } catch (error) {
      if (!isSourceChanged(error) || attempt > MAX_REPLANS) throw error;
      ctx.emit({ type: "file-replanned", target, path: file.path, attempt });
      const found = await source.rescan(file.path, ctx);
      if (found === undefined) throw vanished(file, error);
      file = found;
    }
  }
}

function bodyOf(input: ApplyInput, file: FileMeta, ctx: Ctx) {
  let toldAt = ctx.clock.now();
  return () =>
    checkedBody(
      file,
      () => input.source.open(file.path),
      (sent) => {
        if (file.size < PROGRESS_FROM_BYTES || ctx.clock.now() - toldAt < PROGRESS_EVERY_MS) return;
        toldAt = ctx.clock.now();
        ctx.emit({ type: "file-progress", target: input.name, path: file.path, sent, size: file.size });
      },
    );
}

function isSourceChanged(error: unknown): boolean {
  return error instanceof SmartsyncError && error.code === "source-changed";
}

function vanished(file: FileMeta, cause: unknown): SmartsyncError {
  return new SmartsyncError(`${file.path} was removed from the source while it was being delivered`, {
    kind: "partial",
    code: "source-vanished",
    hint: "nothing was deleted on the target; the next run follows the source as it is then",
    cause,
  });
}
