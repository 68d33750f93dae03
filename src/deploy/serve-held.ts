import type { PutChange } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { Target } from "../targets/target.ts";
import type { SentFile } from "./send-file.ts";

/** Changes headers alone where the file's bytes are on the target already; undefined when they have to be sent. */
export async function serveHeld(
  target: Target,
  { file, heldEtag }: PutChange,
  ctx: Ctx,
): Promise<SentFile | undefined> {
  if (heldEtag === undefined) return undefined;
  const startedAt = ctx.clock.now();
  const result = await target.serveAs?.(file, heldEtag, ctx);
  return result && { file, result, seconds: (ctx.clock.now() - startedAt) / 1000 };
}
