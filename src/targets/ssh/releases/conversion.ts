import type { Ctx } from "../../../core/context.ts";
import { SmartsyncError } from "../../../lib/errors.ts";
import type { Conversion } from "../../target.ts";
import type { SshLine } from "../ssh-line.ts";
import { findServed, type Standing } from "./find-served.ts";
import type { LinkCalls } from "./link-calls.ts";
import { nameBefore, type ReleaseLayout } from "./release-layout.ts";
import { failed } from "./release-scripts.ts";
import { runScript } from "./run-script.ts";

/** What a conversion works with. */
export interface ConversionParts {
  readonly line: SshLine;
  readonly calls: LinkCalls;
  readonly layout: ReleaseLayout;
}

/** One step of a conversion. `current` is the release that is served by then; gives the one that is served after. */
interface Step {
  readonly text: string;
  run(current: string | undefined, ctx: Ctx): Promise<string | undefined>;
}

/** A copy and not hard links: whoever still writes to the old directory would write into the release. */
const COPY = `set -e; rm -rf "$3"; mkdir -p "$1"; mkdir "$3"; if [ -d "$2" ]; then cp -a "$2/." "$3/"; fi; mv "$3" "$4"`;

/** What has to be done before releases can be used; undefined when nothing has. */
export async function planConversion(parts: ConversionParts, ctx: Ctx): Promise<Conversion | undefined> {
  const standing = await findServed(parts.calls, parts.layout, ctx);
  const steps = [
    ...rootSteps(parts, standing, nameBefore(ctx.clock.now())),
    ...(await sharedSteps(parts, standing, ctx)),
  ];
  if (steps.length === 0) return undefined;
  return {
    steps: steps.map(({ text }) => text),
    async run(runCtx) {
      let current = standing.served;
      for (const step of steps) current = await step.run(current, runCtx);
    },
  };
}

function rootSteps({ line, calls, layout }: ConversionParts, standing: Standing, before: string): Step[] {
  const { path, releasesPath, tempLink } = layout;
  const dir = layout.dirOf(before);
  const link = layout.linkTo(before);
  const { root, served, names, foreign } = standing;
  const [newest] = names;
  if (root === "directory") {
    const text = `rename ${path} to ${dir} and put a link to it in its place; for less than a millisecond there is neither`;
    const run = async (_: string | undefined, ctx: Ctx) => {
      await makeDirs(line, [releasesPath], ctx);
      await calls.moveAndLink(path, dir, link, ctx);
      return before;
    };
    return [{ text, run }];
  }
  if (root === "foreign-link") {
    const text = `copy what ${path} leads to now (${foreign}) to ${dir}, then let ${path} lead there, in one step; the old directory stays as it is`;
    const run = async (_: string | undefined, ctx: Ctx) => {
      const result = await runScript(line, COPY, [releasesPath, path, `${dir}.tmp`, dir], ctx);
      if (result.exitCode !== 0) throw failed(line, `copy ${path} to ${dir}`, result);
      await calls.swing(path, link, tempLink, ctx);
      return before;
    };
    return [{ text, run }];
  }
  if (root === "other") throw notADirectory(path);
  if (served !== undefined || newest === undefined) return [];
  const text = `let ${path} lead to ${layout.dirOf(newest)}, the newest release there: now it leads to none`;
  const run = async (_: string | undefined, ctx: Ctx) => {
    await calls.swing(path, layout.linkTo(newest), tempLink, ctx);
    return newest;
  };
  return [{ text, run }];
}

/** Shared paths that the served version still has as its own. */
async function sharedSteps({ line, calls, layout }: ConversionParts, { root }: Standing, ctx: Ctx): Promise<Step[]> {
  if (root === "absent" || root === "other") return [];
  const steps = layout.shared.map(async (path): Promise<Step[]> => {
    const [own, common] = await Promise.all([
      calls.kindOf(`${layout.path}/${path}`, ctx),
      calls.kindOf(layout.sharedDir(path), ctx),
    ]);
    if (own === "absent" || own === "link") return [];
    if (common !== "absent") throw bothThere(layout, path);
    const text = `move ${layout.path}/${path} to ${layout.sharedDir(path)} and put a link in its place`;
    const run = async (current: string | undefined, runCtx: Ctx) => {
      const dir = current === undefined ? layout.path : layout.dirOf(current);
      await makeDirs(line, [layout.sharedDir(path).replace(/\/[^/]*$/, "")], runCtx);
      await calls.moveAndLink(`${dir}/${path}`, layout.sharedDir(path), layout.sharedLink(path), runCtx);
      return current;
    };
    return [{ text, run }];
  });
  return (await Promise.all(steps)).flat();
}

async function makeDirs(line: SshLine, dirs: readonly string[], ctx: Ctx): Promise<void> {
  const result = await runScript(line, `umask 022; mkdir -p "$@"`, dirs, ctx);
  if (result.exitCode !== 0) throw failed(line, `make ${dirs.join(", ")}`, result);
}

function notADirectory(path: string): SmartsyncError {
  return new SmartsyncError(`${path} is not a directory`, {
    kind: "config",
    code: "not-a-directory",
    hint: "set the target's path to the directory the site is delivered to",
  });
}

function bothThere(layout: ReleaseLayout, path: string): SmartsyncError {
  return new SmartsyncError(
    `both ${layout.path}/${path} and ${layout.sharedDir(path)} hold something, and only one can be the shared "${path}"`,
    {
      kind: "conflict",
      code: "shared-twice",
      hint: "join them by hand into the second one, then remove or rename the first",
    },
  );
}
