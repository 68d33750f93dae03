import { type Change, type PutChange, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { notStaged } from "../files/not-staged.ts";
import type { PutResult } from "../target.ts";
import type { HeldFile, ObjectStageParts } from "./object-stage.ts";

/** A prepared change. */
export interface ObjectStep {
  readonly change: Change;
  /** The key of the copy of what was in its place. */
  readonly kept: string | undefined;
  /** It may be visible: from the moment it was asked for. */
  isTouched: boolean;
  isPublished: boolean;
}

/** A phase of a publication. */
export interface ObjectPhase {
  readonly steps: readonly ObjectStep[];
}

/** Publishing prepared phases, and putting back what was there. Both go on where an earlier call stopped. */
export interface ObjectPublisher {
  publish(phases: readonly ObjectPhase[], ctx: Ctx, done: (change: Change, result?: PutResult) => void): Promise<void>;
  revert(phases: readonly ObjectPhase[], ctx: Ctx): Promise<void>;
}

/** Publishes by committing what is held, and reverts by copying back what was kept. */
export function createObjectPublisher(
  { store, layout, serveAs }: Pick<ObjectStageParts, "store" | "layout" | "serveAs">,
  held: Map<string, HeldFile>,
): ObjectPublisher {
  const keyOf = (step: ObjectStep) => layout.keyOf(pathOf(step.change));

  async function show(change: PutChange, ctx: Ctx): Promise<PutResult> {
    const { file, heldEtag } = change;
    if (heldEtag !== undefined) return (await serveAs(file, heldEtag, ctx)) ?? alreadyServed(change, ctx);
    const staged = held.get(file.path);
    if (staged === undefined) throw notStaged(file.path);
    const result = await staged.object.commit(ctx);
    held.delete(file.path);
    return result;
  }

  /** The etag is another after the headers were changed, as it may be when the answer to that was lost. */
  async function alreadyServed({ file }: PutChange, ctx: Ctx): Promise<PutResult> {
    const found = await store.head(layout.keyOf(file.path), ctx);
    if (found?.serving === file.serving?.hash && found?.sha256 === file.sha256) return { etag: found.etag };
    throw new SmartsyncError(`${file.path} was changed on the target by somebody else`, {
      kind: "conflict",
      code: "target-moved",
      hint: "run the same command again",
    });
  }

  async function remove(steps: readonly ObjectStep[], ctx: Ctx, gone: (step: ObjectStep) => void): Promise<void> {
    if (steps.length === 0) return;
    const byKey = new Map(steps.map((step) => [keyOf(step), step]));
    await store.remove([...byKey.keys()], ctx, (key) => {
      const step = byKey.get(key);
      if (step) gone(step);
    });
  }

  return {
    async publish(phases, ctx, done) {
      throwIfAborted(ctx.signal);
      for (const { steps } of phases) {
        const left = steps.filter(({ isPublished }) => !isPublished);
        await forEachAtOnce(left, store.concurrency, async (step) => {
          if (step.change.kind === "delete") return;
          throwIfAborted(ctx.signal);
          step.isTouched = true;
          const result = await show(step.change, ctx);
          step.isPublished = true;
          done(step.change, result);
        });
        const deletions = left.filter(({ change }) => change.kind === "delete");
        for (const step of deletions) step.isTouched = true;
        await remove(deletions, ctx, (step) => {
          step.isPublished = true;
          done(step.change);
        });
      }
    },

    async revert(phases, ctx) {
      for (const { steps } of phases.toReversed()) {
        const touched = steps.filter(({ isTouched }) => isTouched);
        await forEachAtOnce(touched, store.concurrency, async (step) => {
          if (step.kept === undefined) return;
          throwIfAborted(ctx.signal);
          await store.copy(step.kept, keyOf(step), {}, ctx);
          untouch(step);
        });
        await remove(
          touched.filter(({ kept }) => kept === undefined),
          ctx,
          untouch,
        );
      }
    },
  };
}

function untouch(step: ObjectStep): void {
  step.isTouched = false;
  step.isPublished = false;
}
