import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import type { Stage } from "../target.ts";
import type { Inside } from "./inside.ts";
import { prepareSteps } from "./prepare-steps.ts";
import { createPublisher, type StepPhase } from "./publish-steps.ts";
import type { StageFolder } from "./stage-folder.ts";
import type { Unsynced } from "./unsynced.ts";

/** What a stage works with. */
export interface StageParts {
  readonly folder: StageFolder;
  readonly inside: Inside;
  readonly unsynced: Unsynced;
  /** Writes a file, whole or not at all, and gives it its time and permissions. */
  send(file: FileMeta, place: string, body: () => Readable, ctx: Ctx): Promise<void>;
}

/** A stage in a folder on the document root's file system: publishing is renaming, and what was there is kept linked. */
export function createStage({ folder, inside, unsynced, send }: StageParts): Stage {
  const publisher = createPublisher(folder, inside, unsynced);
  const staged = new Map<string, FileMeta>();
  let phases: StepPhase[] = [];
  let emptied: readonly string[] = [];

  return {
    async put(file, body, ctx) {
      await send(file, folder.stagedAt(file.path), body, ctx);
      staged.set(file.path, file);
      return {};
    },
    async prepare(publication, ctx) {
      throwIfAborted(ctx.signal);
      phases = await prepareSteps(publication, { folder, inside, staged }, ctx);
      emptied = publication.emptied;
      // A file that visitors are shown must not be lost by a power failure: from now on only names change.
      await unsynced.flush();
    },
    async publish(ctx, done) {
      throwIfAborted(ctx.signal);
      await publisher.publish(phases, emptied, ctx, done);
    },
    revert: (ctx) => publisher.revert(phases, ctx),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
