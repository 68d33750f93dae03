import type { Ctx } from "../core/context.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { RemoteFile } from "../core/snapshot.ts";
import { abortLater } from "../lib/abort.ts";
import type { Releases } from "../targets/target.ts";
import type { Member } from "./group-steps.ts";
import { checkUnmoved, holdTarget, type Why } from "./hold-target.ts";
import { runHooks } from "./hooks.ts";
import { openLedger } from "./ledger.ts";
import type { StagedDelivery } from "./stage-delivery.ts";

/** Whoever stops a rollback waits no longer than this for the site to be put back. */
const PUT_BACK_MS = 10_000;

/** Which release a target is to serve. */
export interface Switch {
  readonly releases: Releases;
  /** The release served now; undefined when none is. */
  readonly from: string | undefined;
  readonly to: string;
  /** What that one holds. */
  readonly files: ReadonlyMap<RelPath, RemoteFile>;
}

/**
 * Makes a switch to another release ready, as a delivery is: lock, a look whether the target is as it was, its `before`
 * hooks. The intent names every file that will be another one; killed at any point, none of them is taken for known.
 */
export async function readySwitch(
  { prepared, ctx: outer }: Member,
  { releases, from, to, files }: Switch,
  why: Why,
  stop: AbortSignal,
): Promise<StagedDelivery> {
  const { name, target } = prepared;
  await using open = new AsyncDisposableStack();
  const [lock, ctx] = await holdTarget(prepared, why, { ...outer, signal: AbortSignal.any([outer.signal, stop]) });
  open.use(lock);
  const ledger = open.use(openLedger({ ...prepared, lock, run: why.run }, ctx));
  await checkUnmoved(prepared, ctx);
  await ledger.draft();
  await ledger.foresee(files);
  await runHooks(name, target, "before", ctx);
  const opened = open.move();
  const lastWords = (): Ctx => ({
    ...ctx,
    signal: AbortSignal.any([lock.lost, abortLater(outer.signal, PUT_BACK_MS)]),
  });
  return {
    name,
    begin: () => ledger.begin(),
    async publish(stopPublishing) {
      const startedAt = ctx.clock.now();
      await releases.switchTo(to, { ...ctx, signal: AbortSignal.any([ctx.signal, stopPublishing]) });
      const seconds = (ctx.clock.now() - startedAt) / 1000;
      ctx.emit({ type: "switched", target: name, from: from ?? null, to, seconds });
    },
    abandon: () => ledger.undo(lastWords(), async () => {}),
    async revert(because) {
      const last = lastWords();
      await ledger.undo(last, async () => {
        if (from !== undefined) await releases.switchTo(from, last);
        ctx.emit({ type: "reverted", target: name, because });
      });
    },
    async finish() {
      await ledger.finish();
      await runHooks(name, target, "after", ctx);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
