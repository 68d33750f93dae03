import { pathOf } from "../../core/change.ts";
import { directoriesOf, parentOf } from "../../core/rel-path.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { Publication, Stage } from "../target.ts";
import { type PreparedSteps, prepareSteps, type Step, type StepPhase } from "./prepare-steps.ts";
import { removeDirectory, removeFile } from "./remove-file.ts";
import { replaceFile } from "./replace-file.ts";
import type { ServerTree } from "./server-tree.ts";
import { unlessMissing } from "./sftp-error.ts";
import type { SftpSession, SftpSessions } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";
import { type StageArea, stateElsewhere } from "./stage-area.ts";

/** Renames and deletions under way at once: one round trip for all of them. */
const AT_ONCE = 256;

/** What a stage on SFTP is made from. */
export interface PublisherParts {
  readonly sessions: SftpSessions;
  readonly tree: ServerTree;
  readonly area: StageArea;
}

/** The half of a stage that publishes by renaming out of its area, and reverts by renaming back what is kept there. */
export function createRenamePublisher({
  sessions,
  tree,
  area,
}: PublisherParts): Pick<Stage, "prepare" | "publish" | "revert"> {
  let prepared: PreparedSteps = { phases: [], absentDirs: [], emptied: [] };

  /** Makes the directories that these phases need: those of replacements can be made once the deletions are. */
  async function makeDirsFor(
    session: SftpSession,
    isMeant: (phase: StepPhase) => boolean,
    ctx: LineCtx,
  ): Promise<void> {
    const steps = prepared.phases.filter(isMeant).flatMap((phase) => phase.steps);
    const puts = steps.filter(({ change, published }) => change.kind === "put" && !published);
    const needed = directoriesOf(puts.map(({ change }) => pathOf(change)));
    const missing = prepared.absentDirs.filter((dir) => puts.length > 0 && (dir === "" || needed.has(dir)));
    if (missing.length > 0) await tree.make(session, missing, ctx);
  }

  async function publishPut(session: SftpSession, path: ReturnType<typeof pathOf>, ctx: LineCtx): Promise<void> {
    const staged = area.stagedAt(path);
    const move = () => replaceFile(session, staged, tree.at(path), ctx).then(() => true);
    if (await unlessMissing(move())) return;
    // Renamed by an earlier attempt whose answer was lost; or somebody took the directory away.
    if ((await unlessMissing(session.lstat(staged, ctx))) === undefined) return;
    await tree.insist(session, parentOf(path), ctx);
    await move();
  }

  async function publishStep(session: SftpSession, step: Step, ctx: LineCtx): Promise<void> {
    const path = pathOf(step.change);
    step.sent = true;
    try {
      if (step.change.kind === "put") await publishPut(session, path, ctx);
      else await removeFile(session, tree.at(path), ctx);
    } catch (error) {
      // A refusal has changed nothing; of anything else nobody knows.
      if (error instanceof SmartsyncError && error.kind !== "transient" && error.kind !== "aborted") step.sent = false;
      throw error instanceof SmartsyncError && error.code === "rename-refused"
        ? stateElsewhere(error, area.dir)
        : error;
    }
    step.published = true;
  }

  async function revertStep(session: SftpSession, step: Step, ctx: LineCtx): Promise<void> {
    const path = pathOf(step.change);
    if (step.kept) {
      const kept = area.keptAt(path);
      const restore = () => replaceFile(session, kept, tree.at(path), ctx).then(() => true);
      if (!(await unlessMissing(restore())) && (await unlessMissing(session.lstat(kept, ctx)))) {
        await tree.insist(session, parentOf(path), ctx);
        await restore();
      }
    } else if (step.change.kind === "put") await removeFile(session, tree.at(path), ctx);
    step.sent = false;
    step.published = false;
  }

  return {
    async prepare(publication: Publication, ctx) {
      throwIfAborted(ctx.signal);
      prepared = await prepareSteps(publication, { session: await sessions(ctx), tree, area }, ctx);
    },

    async publish(ctx, done) {
      throwIfAborted(ctx.signal);
      const session = await sessions(ctx);
      const left = prepared.phases.flatMap(({ steps }) => steps.filter((step) => !step.published));
      // What is below a directory that is made now needs no look.
      const absent = new Set(prepared.absentDirs);
      const dirs = [...directoriesOf(left.map(({ change }) => pathOf(change)))];
      await tree.check(
        session,
        dirs.filter((dir) => !absent.has(parentOf(dir))),
        ctx,
      );
      await makeDirsFor(session, ({ name }) => name !== "replacements", ctx);
      for (const { name, steps } of prepared.phases) {
        if (name === "replacements") await makeDirsFor(session, (phase) => phase.name === name, ctx);
        await forEachAtOnce(steps, AT_ONCE, async (step) => {
          if (step.published) return;
          throwIfAborted(ctx.signal);
          await publishStep(session, step, ctx);
          done(step.change);
        });
        if (name === "deletions") {
          await Promise.all(prepared.emptied.map(({ dir }) => removeDirectory(session, tree.at(dir), ctx)));
        }
      }
    },

    async revert(ctx) {
      throwIfAborted(ctx.signal);
      const session = await sessions(ctx);
      for (const { name, steps } of prepared.phases.toReversed()) {
        const sent = steps.filter((step) => step.sent);
        if (name === "deletions" && sent.length > 0) await restoreDirs(session, ctx);
        await forEachAtOnce(sent, AT_ONCE, (step) => revertStep(session, step, ctx));
        await Promise.all(prepared.absentDirs.map((dir) => removeDirectory(session, tree.at(dir), ctx)));
      }
    },
  };

  async function restoreDirs(session: SftpSession, ctx: LineCtx): Promise<void> {
    const dirs = prepared.emptied.toReversed();
    await tree.make(
      session,
      dirs.map(({ dir }) => dir),
      ctx,
    );
    await Promise.all(dirs.map(({ dir, mode }) => unlessMissing(session.setstat(tree.at(dir), { mode }, ctx))));
  }
}
