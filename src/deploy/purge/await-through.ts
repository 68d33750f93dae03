import type { PurgeReceipt } from "../../cdns/cdn.ts";
import type { Ctx } from "../../core/context.ts";
import { toSmartsyncError } from "../../lib/errors.ts";
import type { OpenedCdn } from "./open-cdns.ts";

const FIRST_PAUSE_MS = 2_000;
const LAST_PAUSE_MS = 20_000;
const GROWTH = 1.5;

/**
 * Waits until the provider says that a purge has reached every edge, as long as the settings say. That it has not by
 * then, or that nobody can tell, is a warning: it was accepted, and comes through by itself. Never throws.
 */
export async function awaitThrough(opened: OpenedCdn, receipts: readonly PurgeReceipt[], ctx: Ctx): Promise<void> {
  const { name, settings } = opened;
  if (settings.wait === 0) return;
  const why = await whyNotThrough(opened, receipts, ctx).catch((error: unknown) => toSmartsyncError(error).message);
  if (why === undefined) return;
  const message = `${name} has not said within ${settings.wait} s that every edge has dropped it: ${why}`;
  const hint = "it was accepted; visitors may be given what was there before for a while yet";
  ctx.emit({ type: "warning", code: "purge-slow", message, hint });
}

async function whyNotThrough(
  { cdn, settings }: OpenedCdn,
  receipts: readonly PurgeReceipt[],
  ctx: Ctx,
): Promise<string | undefined> {
  if (cdn.isThrough === undefined) return undefined;
  const until = ctx.clock.now() + settings.wait * 1000;
  let open = [...receipts];
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LAST_PAUSE_MS, pause * GROWTH)) {
    while (open[0] !== undefined && (await cdn.isThrough(open[0], ctx))) open = open.slice(1);
    if (open.length === 0) return undefined;
    const left = until - ctx.clock.now();
    if (left <= 0) return open.length === 1 ? "one request is under way" : `${open.length} requests are under way`;
    await ctx.clock.sleep(Math.min(pause, left), ctx.signal);
  }
}
