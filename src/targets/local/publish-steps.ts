import { chmod, lstat, rename, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Change, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import type { PhaseName } from "../../core/plan.ts";
import { parentOf } from "../../core/rel-path.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { onDisk, onDiskUnless } from "./disk-error.ts";
import type { Inside } from "./inside.ts";
import type { StageFolder } from "./stage-folder.ts";
import type { Unsynced } from "./unsynced.ts";

const AT_ONCE = 16;
const GONE = ["ENOENT", "ENOTDIR", "EISDIR"];
const STAYS = ["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"];

/** A prepared change. */
export interface Step {
  readonly change: Change;
  /** What was in its place is kept in the stage. */
  readonly kept: boolean;
  published: boolean;
}

/** A phase of a publication, and what publishing it did besides. */
export interface StepPhase {
  readonly name: PhaseName;
  readonly steps: readonly Step[];
  /** Directories that were made, by their real place; some twice, when they were needed at the same moment. */
  made: string[];
  /** Directories that were removed, deepest first. */
  removed: { readonly dir: string; readonly mode: number }[];
}

/** Publishing prepared phases, and putting back what was there. Both go on where an earlier call stopped. */
export interface StepPublisher {
  publish(
    phases: readonly StepPhase[],
    emptied: readonly string[],
    ctx: Ctx,
    done: (change: Change) => void,
  ): Promise<void>;
  revert(phases: readonly StepPhase[], ctx: Ctx): Promise<void>;
}

/** Publishes by renaming out of the stage's folder, and reverts by renaming back what is kept there. */
export function createPublisher(folder: StageFolder, inside: Inside, unsynced: Unsynced): StepPublisher {
  async function moveTo(path: string, from: string, made: string[]): Promise<void> {
    const dir = await inside.ensure(parentOf(path), (madeDir) => {
      made.push(madeDir);
      unsynced.add(dirname(madeDir));
    });
    const place = join(dir, basename(path));
    await onDisk("publish", place, () => rename(from, place));
    unsynced.add(dir);
  }

  /** A directory of that name is not the file that was to go. */
  async function unlinkAt(path: string): Promise<void> {
    const place = await inside.locate(path);
    if (place === undefined) return;
    await onDiskUnless(GONE, "delete", place, () => unlink(place));
    unsynced.add(dirname(place));
  }

  async function removeEmptied(dirs: readonly string[], removed: StepPhase["removed"]): Promise<void> {
    for (const dir of dirs) {
      const place = await inside.locate(dir);
      if (place === undefined) continue;
      await onDiskUnless(STAYS, "delete", place, async () => {
        const { mode } = await lstat(place);
        await rmdir(place);
        removed.push({ dir, mode: mode & 0o7777 });
        unsynced.add(dirname(place));
      });
    }
  }

  async function restore({ change, kept }: Step): Promise<void> {
    const path = pathOf(change);
    if (kept) await moveTo(path, folder.keptAt(path), []);
    else if (change.kind === "put") await unlinkAt(path);
  }

  return {
    async publish(phases, emptied, { signal }, done) {
      for (const { name, steps, made, removed } of phases) {
        await forEachAtOnce(steps, AT_ONCE, async (step) => {
          if (step.published) return;
          throwIfAborted(signal);
          const path = pathOf(step.change);
          if (step.change.kind === "put") await moveTo(path, folder.stagedAt(path), made);
          else await unlinkAt(path);
          step.published = true;
          done(step.change);
        });
        if (name === "deletions") await removeEmptied(emptied, removed);
      }
    },

    async revert(phases, { signal }) {
      for (const phase of phases.toReversed()) {
        for (const { dir, mode } of phase.removed.toReversed()) {
          const place = await inside.ensure(dir);
          await onDisk("set the permissions of", place, () => chmod(place, mode));
        }
        phase.removed = [];
        await forEachAtOnce(phase.steps, AT_ONCE, async (step) => {
          if (!step.published) return;
          throwIfAborted(signal);
          await restore(step);
          step.published = false;
        });
        for (const place of deepestFirst(phase.made)) await onDiskUnless(STAYS, "delete", place, () => rmdir(place));
        phase.made = [];
      }
    },
  };
}

function deepestFirst(places: readonly string[]): string[] {
  return [...new Set(places)].sort().reverse();
}
