import { type Change, pathOf } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { RelPath } from "../core/rel-path.ts";
import { abortLater } from "../lib/abort.ts";
import { atOnce } from "../lib/at-once.ts";
import { toSmartsyncError } from "../lib/errors.ts";
import type { PutResult, Stage } from "../targets/target.ts";
import { fillStage, type StageToFill } from "./fill-stage.ts";
import { checkUnmoved, holdTarget, type Why } from "./hold-target.ts";
import { runHooks } from "./hooks.ts";
import { openLedger } from "./ledger.ts";
import type { Lock } from "./lock.ts";
import type { PreparedTarget } from "./prepare.ts";
import type { SentFile } from "./send-file.ts";

/** Whoever stops a run waits no longer than this for the site to be put back. */
const PUT_BACK_MS = 10_000;

/** What a target is delivered to as. */
export interface StageOrder {
  readonly why: Why;
  /** No other target has to be ready too: the intent is written while the stage is made ready. */
  readonly isAlone: boolean;
}

/** A delivery that lies ready beside what visitors see, with the lock held. Disposing ends that, and gives it up. */
export interface StagedDelivery extends AsyncDisposable {
  readonly name: string;
  /** Writes the intent; from then on visitors may see changes. */
  begin(): Promise<void>;
  /** Shows visitors everything; ends soon when `stop` aborts, with some of it shown. */
  publish(stop: AbortSignal): Promise<void>;
  /** Ends the intent of a delivery of which nothing was published, also after the run was stopped. */
  abandon(): Promise<void>;
  /** Puts back everything that visitors were shown, and ends the intent; also after the run was stopped. */
  revert(because: string): Promise<void>;
  /** Writes the manifest: the delivery is complete. */
  finish(): Promise<void>;
}

/**
 * Makes a delivery ready to be published: lock, a look whether the target is as it was planned for, its `before` hooks,
 * and everything sent to lie beside the site. Nothing that visitors see changes; when it throws, or `stop` aborts,
 * nothing of it is left.
 */
export async function stageDelivery(
  prepared: PreparedTarget,
  { why, isAlone }: StageOrder,
  stop: AbortSignal,
  outer: Ctx,
): Promise<StagedDelivery> {
  await using open = new AsyncDisposableStack();
  const [lock, ctx] = await holdTarget(prepared, why, { ...outer, signal: AbortSignal.any([outer.signal, stop]) });
  open.use(lock);
  const ledger = open.use(openLedger({ ...prepared, lock, run: why.run }, ctx));
  return await orWhyStopped(ctx.signal, async () => {
    const stage = await atOnce(
      ctx.signal,
      async (signal) => open.use(await openStage(prepared, why.run, { ...ctx, signal })),
      (signal) => checkUnmoved(prepared, { ...ctx, signal }),
      () => ledger.draft(),
    );
    await runHooks(prepared.name, prepared.target, "before", ctx);
    const parts = { prepared, lock, ledger, stage, isBegun: isAlone, stopped: outer.signal };
    try {
      const sent = await fillStage(parts, ctx);
      const opened = open.move();
      return createStaged({ ...parts, sent }, ctx, () => opened.disposeAsync());
    } catch (error) {
      // Nothing was published. Where the intent can't be ended, the next delivery takes its paths for unknown.
      await ledger
        .undo(lastWords(parts, ctx), async () => {})
        .catch((kept: unknown) => {
          const message = `could not end the intent: ${toSmartsyncError(kept).message}`;
          ctx.emit({ type: "warning", target: prepared.name, code: "intent-kept", message });
        });
      throw error;
    }
  });
}

interface StageParts extends StageToFill {
  readonly lock: Lock;
  /** Somebody stopped the run. */
  readonly stopped: AbortSignal;
}

/** For what must still be done when the run was stopped, but not when the target is somebody else's by now. */
function lastWords({ lock, stopped }: StageParts, ctx: Ctx): Ctx {
  return { ...ctx, signal: AbortSignal.any([lock.lost, abortLater(stopped, PUT_BACK_MS)]) };
}

/** The target's stage; that it can't be taken away in the end is a warning, and it is taken away once. */
async function openStage({ name, target, plan }: PreparedTarget, run: string, ctx: Ctx): Promise<Stage> {
  if (target.stage === undefined) throw new Error(`${name} was expected to stage`);
  const coming = plan.phases
    .flatMap(({ changes }) => changes.filter((change) => change.kind === "put" && change.heldEtag === undefined))
    .map(pathOf);
  const stage = await target.stage(run, ctx, coming);
  let removed: Promise<void> | undefined;
  const remove = async () => {
    try {
      await stage[Symbol.asyncDispose]();
    } catch (error) {
      const message = `could not clear the stage away: ${toSmartsyncError(error).message}`;
      ctx.emit({ type: "warning", target: name, code: "stage-kept", message });
    }
  };
  return {
    ...stage,
    [Symbol.asyncDispose]() {
      removed ??= remove();
      return removed;
    },
  };
}

function createStaged(
  parts: StageParts & { readonly sent: ReadonlyMap<RelPath, SentFile> },
  ctx: Ctx,
  dispose: () => Promise<void>,
): StagedDelivery {
  const { prepared, lock, ledger, stage, sent, isBegun } = parts;
  const { name, target } = prepared;

  function note(change: Change, said?: PutResult): void {
    if (change.kind === "delete") {
      ledger.recordDelete(change.path);
      ctx.emit({ type: "file-deleted", target: name, path: change.path });
      return;
    }
    const { path, size } = change.file;
    const { result = {}, seconds = 0 } = sent.get(path) ?? {};
    ledger.recordPut(change.file, said ?? result);
    const how = change.heldEtag === undefined ? { size } : { size: 0, headersOnly: true as const };
    ctx.emit({ type: "file-put", target: name, path, reason: change.reason, seconds, ...how });
  }

  return {
    name,
    begin: () => orWhyStopped(ctx.signal, async () => void (isBegun || (await ledger.begin()))),
    async publish(stop) {
      const startedAt = ctx.clock.now();
      const signal = AbortSignal.any([ctx.signal, stop]);
      await orWhyStopped(signal, () => stage.publish({ ...ctx, signal }, note));
      ctx.emit({ type: "published", target: name, seconds: (ctx.clock.now() - startedAt) / 1000 });
    },
    abandon: () => ledger.undo(lastWords(parts, ctx), async () => {}),
    async revert(because) {
      const last = lastWords(parts, ctx);
      await orWhyStopped(last.signal, () =>
        ledger.undo(last, async () => {
          await stage.revert(last);
          ctx.emit({ type: "reverted", target: name, because });
        }),
      );
    },
    async finish() {
      // Nothing is put back any more: what was kept for that is not needed.
      await orWhyStopped(ctx.signal, () => Promise.all([ledger.finish(), stage[Symbol.asyncDispose]()]));
      await runHooks(name, target, "after", ctx);
      await Promise.all([ledger[Symbol.asyncDispose](), lock[Symbol.asyncDispose]()]);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Does the work; when the signal aborted, why it did is the reason, and not what that led to. */
async function orWhyStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
