import type { Ctx } from "../core/context.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { Target } from "../targets/target.ts";
import type { ManifestCache } from "./manifest-cache.ts";
import { type Observed, observe } from "./observe.ts";
import { type ListedTarget, observeListed } from "./observe-listed.ts";
import type { SiteView } from "./site-views.ts";

/** A target that was opened, its name, and its manifest as this machine saw it last. */
export interface OpenTarget {
  readonly name: string;
  readonly target: Target;
  readonly cache: ManifestCache;
}

/** Finds out what a target holds before a delivery of the site, and tells it. */
export async function lookAtTarget({ name, target, cache }: OpenTarget, view: SiteView, ctx: Ctx): Promise<Observed> {
  const observed = isListed(target)
    ? await observeListed(target, cache, view, ctx)
    : await observe(target, cache, ctx, view.scan);
  const { snapshot, head, interrupted, found } = observed;
  const drifted = found?.drifted.filter((path) => !view.source.isExcluded(path)) ?? [];
  ctx.emit({
    type: "observed",
    target: name,
    files: snapshot.files.size,
    state: snapshot.state,
    first: head === null,
    interrupted: interrupted?.intent.run ?? null,
    ...(found && { adopted: found.adopted, drifted: drifted.length }),
  });
  if (drifted.length > 0) warnOfDrift(name, drifted, ctx);
  if (target.caps.redirects === false) warnOfRedirects(name, (await view.scan).snapshot, ctx);
  return observed;
}

function isListed(target: Target): target is ListedTarget {
  return target.survey !== undefined;
}

function warnOfRedirects(target: string, { files }: Snapshot, ctx: Ctx): void {
  if (!files.values().some(({ serving }) => serving?.redirect !== undefined)) return;
  const message = "visitors can't be sent elsewhere from there: files with a `redirect` rule are served as they are";
  const hint = "let the CDN in front redirect, or a page do it with <meta http-equiv=refresh>";
  ctx.emit({ type: "warning", target, code: "redirect-ignored", message, hint });
}

const MAX_NAMED = 3;

function warnOfDrift(target: string, paths: readonly string[], ctx: Ctx): void {
  const named = paths.slice(0, MAX_NAMED).map((path) => `/${path}`);
  const more = paths.length - named.length;
  const list = `${named.join(", ")}${more > 0 ? ` and ${more.toLocaleString("en")} more` : ""}`;
  const message = `somebody else changed or removed what was delivered there: ${list}`;
  const hint = "the plan shows what becomes of them: the target is made what the site is";
  ctx.emit({ type: "warning", target, code: "target-drifted", message, hint });
}
