import { isReplacing, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import type { DeployEvent } from "../../core/events.ts";
import { parseRelPath, type RelPath } from "../../core/rel-path.ts";
import type { Stage, Target } from "../../targets/target.ts";
import type { PlannedTarget } from "../prepare.ts";

/** What a run does to what visitors see of a target, kept while it is done. */
export interface Track {
  /**
   * Paths that visitors were given anew, or not any more. What was put back stays in it: a CDN may have fetched it in
   * between.
   */
  readonly published: ReadonlySet<RelPath>;
  /** Those of them that were there before and were replaced or deleted. */
  readonly replaced: ReadonlySet<RelPath>;
  /** Paths whose change was begun, and of which nobody said that it was made: visitors may be given either. */
  doubtful(): Set<RelPath>;
}

/** Keeps track of what becomes visible on some targets. */
export interface Tracker {
  /** The context to deliver with: passes everything on. */
  readonly ctx: Ctx;
  /** The same target, tracked. */
  on<T extends PlannedTarget>(prepared: T): T;
  /** What became of this target; of one that is not tracked: nothing. */
  of(target: string): Track;
}

interface Paths {
  readonly plan: readonly RelPath[];
  readonly begun: Set<RelPath>;
  readonly published: Set<RelPath>;
  readonly replaced: Set<RelPath>;
}

function noPaths(plan: readonly RelPath[] = []): Paths {
  return { plan, begun: new Set(), published: new Set(), replaced: new Set() };
}

/** Starts to keep track: of what is begun by the calls of the targets, and of what is made by what is told of it. */
export function trackPublished(ctx: Ctx): Tracker {
  const tracks = new Map<string, Paths>();
  function note(event: DeployEvent): void {
    if (!("target" in event) || event.target === undefined) return;
    const track = tracks.get(event.target);
    if (track === undefined) return;
    if (event.type === "file-put" || event.type === "file-deleted") {
      const path = parseRelPath(event.path);
      if (path === undefined) return;
      track.published.add(path);
      if (event.type === "file-deleted" || isReplacing(event)) track.replaced.add(path);
    } else if (event.type === "switched") for (const path of track.plan) track.published.add(path);
    else if (event.type === "reverted") track.begun.clear();
  }
  return {
    ctx: {
      ...ctx,
      emit(event) {
        note(event);
        ctx.emit(event);
      },
    },
    on(prepared) {
      const plan = prepared.plan.phases.flatMap(({ changes }) => changes.map(pathOf));
      const track = noPaths(plan);
      tracks.set(prepared.name, track);
      return { ...prepared, target: watch(prepared.target, track) };
    },
    of(target) {
      const { begun, published, replaced } = tracks.get(target) ?? noPaths();
      return { published, replaced, doubtful: () => new Set([...begun].filter((path) => !published.has(path))) };
    },
  };
}

/** The same target, noting every path that it is told to change for visitors. */
function watch(target: Target, { plan, begun }: Paths): Target {
  const { serveAs, stage, releases } = target;
  return {
    ...target,
    put(file, body, ctx) {
      begun.add(file.path);
      return target.put(file, body, ctx);
    },
    remove(paths, ctx, done) {
      for (const path of paths) begun.add(path);
      return target.remove(paths, ctx, done);
    },
    ...(serveAs && {
      serveAs(file, heldEtag, ctx) {
        begun.add(file.path);
        return serveAs(file, heldEtag, ctx);
      },
    }),
    ...(stage && {
      async stage(run, ctx, coming) {
        return watchStage(await stage(run, ctx, coming), { plan, begun });
      },
    }),
    ...(releases && {
      releases: {
        ...releases,
        switchTo(name, ctx) {
          for (const path of plan) begun.add(path);
          return releases.switchTo(name, ctx);
        },
      },
    }),
  };
}

/** What is laid beside is not seen; publishing may have come to any of it. */
function watchStage(stage: Stage, { plan, begun }: Pick<Paths, "plan" | "begun">): Stage {
  return {
    ...stage,
    publish(ctx, done) {
      for (const path of plan) begun.add(path);
      return stage.publish(ctx, done);
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}
