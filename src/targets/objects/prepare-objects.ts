import { type Change, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { isNotFound, SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { notStaged } from "../files/not-staged.ts";
import type { Publication, RemoteMeta } from "../target.ts";
import { isConditionFailed } from "./condition-failed.ts";
import type { HeldFile, ObjectStageParts } from "./object-stage.ts";
import type { ObjectPhase, ObjectStep } from "./publish-objects.ts";
import type { StageArea } from "./stage-area.ts";
import { surveyObjects } from "./survey-objects.ts";

/** From so many new files on it is cheaper to list the site than to ask for each whether something is in its place. */
const LIST_FROM = 200;

/** What a publication is prepared from. */
export interface PrepareInput extends Pick<ObjectStageParts, "store" | "layout"> {
  readonly area: StageArea;
  /** What was staged, by path. */
  readonly held: ReadonlyMap<string, HeldFile>;
  /** The keys of the copies made so far, by path; null where there was nothing to keep. */
  readonly kept: Map<string, string | null>;
}

/**
 * Makes sure that everything to be published is held, and copies what will be replaced or deleted. Nothing that
 * visitors see changes.
 */
export async function prepareObjects(
  { phases }: Publication,
  { store, layout, area, held, kept }: PrepareInput,
  ctx: Ctx,
): Promise<ObjectPhase[]> {
  throwIfAborted(ctx.signal);
  const changes = phases.flatMap((phase) => phase.changes);
  for (const change of changes) checkHeld(change, held);
  const there = await surveyIfMany(changes.filter(isNew));

  async function keep(change: Change): Promise<void> {
    throwIfAborted(ctx.signal);
    const path = pathOf(change);
    if (kept.has(path)) return;
    if (isNew(change) && there?.has(path) === false) return void kept.set(path, null);
    kept.set(path, await copyAside(change));
  }

  /** The copy's key; null when there is nothing to copy. */
  async function copyAside(change: Change): Promise<string | null> {
    const ifMatch = change.kind === "put" ? change.heldEtag : undefined;
    const copy = area.freeKey();
    try {
      await store.copy(layout.keyOf(pathOf(change)), copy, { ...(ifMatch !== undefined && { ifMatch }) }, ctx);
      return copy;
    } catch (error) {
      if (ifMatch !== undefined && (isNotFound(error) || isConditionFailed(error))) throw moved(change, error);
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async function surveyIfMany(fresh: readonly Change[]): Promise<ReadonlyMap<string, RemoteMeta> | undefined> {
    if (fresh.length < LIST_FROM) return undefined;
    return surveyObjects({ store, layout }, fresh.map(pathOf).sort(), ctx);
  }

  await forEachAtOnce(changes, store.concurrency, keep);
  const toStep = (change: Change): ObjectStep => ({
    change,
    kept: kept.get(pathOf(change)) ?? undefined,
    isTouched: false,
    isPublished: false,
  });
  return phases.map((phase) => ({ steps: phase.changes.map(toStep) }));
}

function isNew(change: Change): boolean {
  return change.kind === "put" && change.reason === "new";
}

/** Everything that is put is held, just as it is to be published; what is only served in another way was never sent. */
function checkHeld(change: Change, held: ReadonlyMap<string, HeldFile>): void {
  if (change.kind === "delete" || change.heldEtag !== undefined) return;
  const { path, sha256, serving } = change.file;
  const staged = held.get(path)?.file;
  if (staged?.sha256 !== sha256 || staged.serving?.hash !== serving?.hash) throw notStaged(path);
}

function moved(change: Change, cause: unknown): SmartsyncError {
  return new SmartsyncError(`${pathOf(change)} has changed on the target since the plan was made`, {
    kind: "conflict",
    code: "target-moved",
    hint: "nothing was touched; run the same command again",
    cause,
  });
}
