import type { Ctx } from "../../../core/context.ts";
import { SmartsyncError } from "../../../lib/errors.ts";
import type { Conversion, Releases, Stage, Target } from "../../target.ts";
import type { SftpSessions } from "../sftp-session.ts";
import type { SshLine } from "../ssh-line.ts";
import { planConversion } from "./conversion.ts";
import { findServed } from "./find-served.ts";
import { createLinkCalls } from "./link-calls.ts";
import { refuseShared } from "./refuse-shared.ts";
import { createLayout, isReleaseName, nameBefore, partOf, type ReleaseLayout } from "./release-layout.ts";
import { buildRelease, removeReleases } from "./release-scripts.ts";
import { createReleaseStage } from "./release-stage.ts";
import type { ReleasesSettings } from "./releases-schema.ts";
import { runScript } from "./run-script.ts";

/** What a target with releases is made from. */
export interface ReleasesParts {
  readonly line: SshLine;
  readonly sessions: SftpSessions;
  /** The target without releases, on the document root: it sees the served release through the link. */
  readonly target: Target;
  readonly settings: ReleasesSettings & { readonly path: string };
  /** Begins a stage that publishes into this directory, which need not exist yet, in place of the document root. */
  stageInto(dir: string, run: string, ctx: Ctx): Promise<Stage>;
}

/**
 * The same target with every delivery a new release: built beside the served one and switched to in one step. Single
 * puts and deletions change the served release itself; they replace names, so that old releases stay as they are.
 */
export function withReleases({ line, sessions, target, settings, stageInto }: ReleasesParts): Target {
  const layout = createLayout(settings.path, settings.releasesPath, settings.shared);
  const calls = createLinkCalls(sessions, line.place);
  const parts = { line, calls, layout };
  let rooted: Promise<void> | undefined;

  async function prune(ctx: Ctx): Promise<void> {
    const { served, names, parts: halves } = await findServed(calls, layout, ctx);
    const old = names.filter((name) => name !== served).slice(settings.keep);
    await removeReleases(line, layout, [...halves, ...(served === undefined ? [] : old)], ctx);
  }

  async function makeRoot(ctx: Ctx): Promise<void> {
    const { root, names } = await findServed(calls, layout, ctx);
    if (root !== "absent" || names.length > 0) return;
    const name = nameBefore(ctx.clock.now());
    await buildRelease(line, layout, { name, from: undefined }, ctx);
    await calls.rename(layout.dirOf(partOf(name)), layout.dirOf(name), ctx);
    await calls.swing(layout.path, layout.linkTo(name), layout.tempLink, ctx);
  }

  /** Where nothing was ever delivered, a put would make a plain directory of the document root. */
  function ensureRoot(ctx: Ctx): Promise<void> {
    rooted ??= makeRoot(ctx).catch((error: unknown) => {
      rooted = undefined;
      throw error;
    });
    return rooted;
  }

  const releases: Releases = {
    async list(ctx) {
      const { names, served } = await findServed(calls, layout, ctx);
      return names.map((name) => ({ name, current: name === served }));
    },
    async switchTo(name, ctx) {
      const { names, root } = await findServed(calls, layout, ctx);
      if (root !== "release") await refuseUnconverted(ctx);
      if (!names.includes(name)) throw noSuchRelease(layout, name);
      await calls.swing(layout.path, layout.linkTo(name), layout.tempLink, ctx);
    },
    conversion,
  };

  /** Whether there is a shell at all shows here too, before anything is shown or sent. */
  async function conversion(ctx: Ctx): Promise<Conversion | undefined> {
    const [found] = await Promise.all([planConversion(parts, ctx), runScript(line, ":", [], ctx)]);
    return found;
  }

  async function refuseUnconverted(ctx: Ctx): Promise<void> {
    const needed = await conversion(ctx);
    if (needed !== undefined) throw unconverted(layout, needed.steps);
  }

  return {
    ...target,
    caps: { ...target.caps, alwaysStages: true, features: [...target.caps.features, "releases"] },
    releases,
    async put(file, body, ctx) {
      refuseShared(layout, [file.path]);
      await ensureRoot(ctx);
      return target.put(file, body, ctx);
    },
    async makeDirs(dirs, ctx) {
      if (dirs.length > 0) await ensureRoot(ctx);
      await target.makeDirs(dirs, ctx);
    },
    async remove(paths, ctx, done) {
      refuseShared(layout, paths);
      await target.remove(paths, ctx, done);
    },
    async stage(run, ctx) {
      if (!isReleaseName(run)) throw new SmartsyncError(`${run} is not a run's name`, { kind: "bug", code: "bad-run" });
      await refuseUnconverted(ctx);
      const { served, parts: halves } = await findServed(calls, layout, ctx);
      await removeReleases(line, layout, halves, ctx);
      const inner = await stageInto(layout.dirOf(partOf(run)), run, ctx);
      return createReleaseStage({ ...parts, run, from: served, inner, prune }, ctx);
    },
  };
}

function unconverted({ path }: ReleaseLayout, steps: readonly string[]): SmartsyncError {
  return new SmartsyncError(
    `${path} is not laid out for releases; to be done:${steps.map((step) => `\n  ${step}`).join("")}`,
    {
      kind: "conflict",
      code: "docroot-is-directory",
      hint: "nothing was touched; `smartsync convert` shows these steps, asks, and does them",
    },
  );
}

function noSuchRelease({ releasesPath }: ReleaseLayout, name: string): SmartsyncError {
  return new SmartsyncError(`there is no release "${name}" in ${releasesPath}`, {
    kind: "not-found",
    code: "release-unknown",
    hint: "`smartsync rollback --list` shows which there are",
  });
}
