import type { Ctx } from "../core/context.ts";
import { encodeManifest } from "../core/manifest.ts";
import type { Target } from "../targets/target.ts";
import { noReleases } from "./find-release.ts";
import { checkUnmoved } from "./hold-target.ts";
import { takeLock } from "./lock.ts";
import { type Observed, observe, recordName } from "./observe.ts";
import type { ReadyTarget } from "./open-target.ts";
import { makeRunId } from "./run-id.ts";

/** How a conversion ended: what was to be done and is, was not wanted, or that there was nothing to do. */
export interface ConversionReport {
  readonly outcome: "done" | "left" | "needless";
  readonly steps: readonly string[];
}

/**
 * Lays a target's document root out for releases, once `approve` has been shown the steps and agreed. What the target
 * is known to hold stays known, also of the release that is made of what is there now.
 */
export async function convertTarget(
  ready: ReadyTarget,
  site: string,
  approve: (steps: readonly string[]) => Promise<boolean>,
  ctx: Ctx,
): Promise<ConversionReport> {
  await using target = await ready.open("write", ctx);
  if (target.releases === undefined) throw noReleases(ready.name);
  const [conversion, observed] = await Promise.all([
    target.releases.conversion(ctx),
    observe(target, ready.manifests, ctx),
  ]);
  if (conversion === undefined) return { outcome: "needless", steps: [] };
  const { steps } = conversion;
  if (!(await approve(steps))) return { outcome: "left", steps };
  const run = makeRunId(ctx.clock.now());
  await using lock = await takeLock(target, { run, trigger: "convert" }, ctx);
  const guarded: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, lock.lost]) };
  await checkUnmoved({ target, observed }, guarded);
  await conversion.run(guarded);
  await recordCurrent(target, site, observed, guarded);
  return { outcome: "done", steps };
}

/** Notes what the served release holds, where no delivery did: so that it can be gone back to. */
async function recordCurrent({ releases, state }: Target, site: string, observed: Observed, ctx: Ctx): Promise<void> {
  const current = (await releases?.list(ctx))?.find((release) => release.current);
  if (current === undefined) return;
  const name = recordName("manifest", current.name);
  if ((await state.list(ctx)).includes(name)) return;
  const { head, snapshot } = observed;
  const at = new Date(ctx.clock.now()).toISOString();
  const about = { site, generation: head?.generation ?? 0, run: current.name, at };
  await state.write(name, encodeManifest({ format: 1, ...about, files: snapshot.files }), ctx);
}
