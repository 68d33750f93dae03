import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { PutResult, Stage } from "../target.ts";
import type { Bodies } from "./bodies.ts";
import { attributesOf } from "./file-attributes.ts";
import type { ObjectLayout } from "./object-layout.ts";
import type { HeldObject, ObjectStore } from "./object-store.ts";
import { prepareObjects } from "./prepare-objects.ts";
import { createObjectPublisher, type ObjectPhase } from "./publish-objects.ts";
import { openStageArea } from "./stage-area.ts";

/** How long taking a stage away may last. */
const CLEAR_MS = 60_000;

/** What a stage works with. */
export interface ObjectStageParts {
  readonly store: ObjectStore;
  readonly layout: ObjectLayout;
  readonly bodies: Bodies;
  /** A file's key; throws when the store can't hold it. */
  keyFor(path: string): string;
  /** `Target.serveAs`. */
  serveAs(file: FileMeta, heldEtag: string, ctx: Ctx): Promise<PutResult | undefined>;
}

/** A file whose bytes are in the store, held. */
export interface HeldFile {
  readonly file: FileMeta;
  readonly object: HeldObject;
}

/**
 * A delivery whose bytes are in the store and seen by nobody: publishing is one small request for each file. What it
 * replaces or deletes is copied within the store before, with its headers, and copied back to revert.
 */
export async function openObjectStage(
  parts: ObjectStageParts,
  coming: readonly RelPath[],
  opening: Ctx,
): Promise<Stage> {
  const { store, layout, bodies, keyFor } = parts;
  const area = await openStageArea(store, layout.stagePrefix, opening);
  await area.note(coming.map(layout.keyOf), opening);
  const held = new Map<string, HeldFile>();
  const kept = new Map<string, string | null>();
  const publisher = createObjectPublisher(parts, held);
  let phases: readonly ObjectPhase[] = [];

  async function discard(path: string, ctx: Ctx): Promise<void> {
    const earlier = held.get(path);
    if (earlier === undefined) return;
    await earlier.object.discard(ctx);
    held.delete(path);
  }

  return {
    async put(file, body, ctx) {
      const key = keyFor(file.path);
      await discard(file.path, ctx);
      await area.note([key], ctx);
      const hold = (content: Uint8Array | Readable) =>
        store.hold(key, area.freeKey(), content, attributesOf(file), ctx);
      const object = await bodies.read(file, body, ctx, { whole: hold, stream: hold });
      held.set(file.path, { file, object });
      return {};
    },
    async prepare(publication, ctx) {
      phases = await prepareObjects(publication, { ...parts, area, held, kept }, ctx);
    },
    publish: (ctx, done) => publisher.publish(phases, ctx, done),
    revert: (ctx) => publisher.revert(phases, ctx),
    async [Symbol.asyncDispose]() {
      const ctx = { ...opening, signal: AbortSignal.timeout(CLEAR_MS) };
      await forEachAtOnce([...held.keys()], store.concurrency, (path) => discard(path, ctx));
      await area.remove(
        [...kept.values()].filter((key) => key !== null),
        ctx,
      );
      kept.clear();
    },
  };
}
