import { createHash } from "node:crypto";
import type { Cdn, PurgeBatch, PurgeReceipt } from "../../cdns/cdn.ts";
import type { Ctx } from "../../core/context.ts";
import type { PurgeItem } from "../../core/purge-rules.ts";
import { SmartsyncError, toSmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { createPacer } from "./pacer.ts";

/** Requests under way at the same time; how fast they begin is what the rules say. */
const AT_ONCE = 4;

/** What is sent to a CDN, and under which name. */
export interface Sending {
  /** The CDN's name in the configuration. */
  readonly name: string;
  readonly cdn: Cdn;
  readonly batches: readonly (readonly PurgeItem[])[];
  /** The beginning of every batch's key; nothing else that is sent has the same. */
  readonly key: string;
  /** Called for each request that was accepted, with how many items. */
  accepted(items: number): void;
}

/** What became of it. */
export interface Sent {
  readonly requests: number;
  readonly items: number;
  readonly receipts: readonly PurgeReceipt[];
  /** What was not accepted: refused, failed, or not sent any more. */
  readonly left: readonly PurgeItem[];
  /** Why; absent when everything was accepted. */
  readonly failure?: SmartsyncError;
}

/** Sends batches as fast as the CDN's rules allow. After a failure no further one is begun; it never throws. */
export async function sendPurge({ name, cdn, batches, key, accepted }: Sending, ctx: Ctx): Promise<Sent> {
  const pacer = createPacer(cdn.rules);
  const receipts: PurgeReceipt[] = [];
  const left = new Set(batches);
  const refused: NonNullable<PurgeReceipt["refused"]>[number][] = [];
  let items = 0;
  const send = async ([at, batch]: [number, readonly PurgeItem[]]) => {
    ctx.signal.throwIfAborted();
    await pacer.turn(batch, ctx);
    const receipt = await cdn.purge(asBatch(`${key}-${at + 1}`, batch), ctx);
    left.delete(batch);
    receipts.push(receipt);
    const count = batch.length - (receipt.refused?.length ?? 0);
    refused.push(...(receipt.refused ?? []));
    items += count;
    accepted(count);
    const id = receipt.id === undefined ? {} : { id: receipt.id };
    ctx.emit({ type: "purge-sent", cdn: name, batch: at + 1, of: batches.length, items: count, ...id });
  };
  let failure: SmartsyncError | undefined;
  try {
    await forEachAtOnce(batches.entries(), AT_ONCE, send);
  } catch (error) {
    failure = ctx.signal.aborted ? stopped(name, error) : toSmartsyncError(error);
  }
  failure ??= refusal(name, refused);
  const unsent = [...refused.map(({ item }) => item), ...[...left].flat()];
  return { requests: receipts.length, items, receipts, left: unsent, ...(failure && { failure }) };
}

function asBatch(key: string, items: readonly PurgeItem[]): PurgeBatch {
  return { key, items };
}

/** The beginning of a run's keys for a CDN: ASCII, however the CDN is called. */
export function keyOf(run: string, cdn: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(cdn)) return `${run}-${cdn}`;
  return `${run}-${createHash("sha256").update(cdn).digest("hex").slice(0, 8)}`;
}

/** Why a CDN was not purged, or not all of it, when the run was stopped. */
export function stopped(name: string, cause: unknown): SmartsyncError {
  return new SmartsyncError(`the purge of ${name} was stopped`, { kind: "aborted", code: "aborted", cause });
}

const MAX_NAMED = 3;

/** What is said of items that were refused while the rest was accepted. */
function refusal(name: string, refused: NonNullable<PurgeReceipt["refused"]>): SmartsyncError | undefined {
  if (refused.length === 0) return undefined;
  const named = refused.slice(0, MAX_NAMED).map(({ item, why }) => `${textOf(item)}: ${why}`);
  const others = refused.length > MAX_NAMED ? `; and ${refused.length - MAX_NAMED} others` : "";
  const message = `${name} did not accept ${refused.length === 1 ? "an item" : `${refused.length} items`} of the purge: `;
  return new SmartsyncError(`${message}${named.join("; ")}${others}`, {
    kind: "partial",
    code: "purge-incomplete",
    hint: "the next run asks for it again",
  });
}

function textOf(item: PurgeItem): string {
  if (item.kind === "tag") return `the tag ${item.tag}`;
  if (item.kind === "everything") return "everything";
  return `${item.origin ?? ""}${item.path}`;
}
