import { pathOf } from "../../../core/change.ts";
import type { Ctx } from "../../../core/context.ts";
import { throwIfAborted } from "../../../lib/abort.ts";
import { SmartsyncError } from "../../../lib/errors.ts";
import type { Publication, Stage } from "../../target.ts";
import type { SshLine } from "../ssh-line.ts";
import { checkRelease } from "./check-release.ts";
import type { LinkCalls } from "./link-calls.ts";
import { refuseShared } from "./refuse-shared.ts";
import { partOf, type ReleaseLayout } from "./release-layout.ts";
import { buildRelease, type Files, listRelease, removeReleases } from "./release-scripts.ts";

/** Tidying up may take no longer: what is left is taken away by the next delivery. */
const TIDY_MS = 20_000;

/** What a release is staged with. */
export interface ReleaseStageParts {
  readonly line: SshLine;
  readonly calls: LinkCalls;
  readonly layout: ReleaseLayout;
  readonly run: string;
  /** The release that visitors see, from which the new one is built; undefined before the first. */
  readonly from: string | undefined;
  /** A stage that publishes into the directory the release is built in. */
  readonly inner: Stage;
  /** Takes away the old releases that are not to be kept. */
  prune(ctx: Ctx): Promise<void>;
}

/**
 * A stage whose `prepare` builds a whole new release beside the served one, and whose `publish` is the one rename of a
 * link. `ctx` is for what has to be done when it is disposed of.
 */
export function createReleaseStage(parts: ReleaseStageParts, ctx: Ctx): Stage {
  const { line, calls, layout, run, from, inner, prune } = parts;
  const part = layout.dirOf(partOf(run));
  let before: Files = new Map();
  let publication: Publication = { phases: [], missingDirs: [], emptied: [] };
  /** "begun": what was staged is on its way into the release, which can't be built anew. */
  let filled: "no" | "begun" | "yes" = "no";
  let isWhole = false;
  let isPublished = false;

  async function build(given: Publication, buildCtx: Ctx): Promise<void> {
    refuseShared(
      layout,
      given.phases.flatMap(({ changes }) => changes.map(pathOf)),
    );
    publication = given;
    before = await buildRelease(line, layout, { name: run, from }, buildCtx);
    await inner.prepare(given, buildCtx);
    filled = "begun";
  }

  async function whereBuilt(lookCtx: Ctx): Promise<string> {
    return (await calls.kindOf(part, lookCtx)) === "directory" ? part : layout.dirOf(run);
  }

  /** Gives the release its name. */
  async function complete(completeCtx: Ctx): Promise<void> {
    const place = await whereBuilt(completeCtx);
    if (place === part) await calls.rename(part, layout.dirOf(run), completeCtx);
  }

  async function serve(name: string, serveCtx: Ctx): Promise<void> {
    await calls.swing(layout.path, layout.linkTo(name), layout.tempLink, serveCtx);
  }

  return {
    ...(inner.putMany && { putMany: inner.putMany }),
    async put(file, body, putCtx) {
      refuseShared(layout, [file.path]);
      return inner.put(file, body, putCtx);
    },

    async prepare(given, prepareCtx) {
      throwIfAborted(prepareCtx.signal);
      if (filled === "no") await build(given, prepareCtx);
      if (filled === "begun") await inner.publish(prepareCtx, () => {});
      filled = "yes";
      checkRelease(run, before, publication, await listRelease(line, await whereBuilt(prepareCtx), prepareCtx));
      // A first release gets its name only once the link is there: until then nobody takes it for one that was served.
      if (from !== undefined) await complete(prepareCtx);
      isWhole = true;
    },

    async publish(publishCtx, done) {
      throwIfAborted(publishCtx.signal);
      if (!isWhole) throw notPrepared(run);
      if (isPublished) return;
      await serve(run, publishCtx);
      if (from === undefined) await complete(publishCtx);
      isPublished = true;
      for (const { changes } of publication.phases) for (const change of changes) done(change);
    },

    async revert(revertCtx) {
      const link = await calls.readLink(layout.path, revertCtx);
      if (link !== undefined && layout.nameOf(link) === run) {
        if (from === undefined) await calls.unlink(layout.path, revertCtx);
        else await serve(from, revertCtx);
      }
      isPublished = false;
    },

    async [Symbol.asyncDispose]() {
      const goodbye: Ctx = { ...ctx, signal: AbortSignal.timeout(TIDY_MS) };
      await inner[Symbol.asyncDispose]();
      // Also what was served until it was reverted; what is served now is never removed.
      await removeReleases(line, layout, isPublished ? [] : [partOf(run), run], goodbye);
      if (isPublished) await prune(goodbye);
    },
  };
}

function notPrepared(run: string): SmartsyncError {
  return new SmartsyncError(`the release ${run} is not whole yet`, { kind: "bug", code: "not-prepared" });
}
