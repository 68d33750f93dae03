import type { SiteConfig } from "../../config/schema.ts";
import type { Ctx } from "../../core/context.ts";
import { compilePatterns } from "../../core/patterns.ts";
import type { CheckResult } from "../../core/purge-result.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { aliasesOf } from "../../site/clean-urls.ts";
import { checkAndAct } from "../check/check-and-act.ts";
import type { OpenedCdn } from "./open-cdns.ts";
import type { Purged } from "./purge-cdn.ts";

/** A site whose purges are looked at. */
export interface CheckedSite {
  readonly settings: Pick<SiteConfig, "check" | "cleanUrls" | "headers">;
  /** The site's files as they were delivered. */
  readonly files: ReadonlyMap<RelPath, FileMeta>;
  /** Puts back what the CDN's targets served before; absent where that is not possible. */
  readonly rollBack?: ((opened: OpenedCdn, ctx: Ctx) => Promise<void>) | undefined;
}

/** Looks whether visitors see what was purged, as the site's settings say; undefined where nobody is to look. */
export function checkerOf({
  settings,
  files,
  rollBack,
}: CheckedSite): ((purged: Purged, ctx: Ctx) => Promise<CheckResult>) | undefined {
  const { check, cleanUrls, headers } = settings;
  if (check === undefined) return undefined;
  // Stores that can send visitors elsewhere, which is no page to be looked at.
  const isRedirect = compilePatterns(headers.flatMap(({ match, redirect }) => (redirect === undefined ? [] : match)));
  return ({ opened, scope, again }, ctx) => {
    const aliases = new Map([...aliasesOf(files.values(), cleanUrls)].map(({ path, page }) => [path, page]));
    const { name: cdn, addresses } = opened;
    const changed = [...(scope === "everything" ? files.keys() : scope)].filter((path) => !isRedirect(path));
    const expected = (path: RelPath) => files.get(path) ?? aliases.get(path);
    const undo = rollBack && (() => rollBack(opened, ctx));
    return checkAndAct(
      { cdn, addresses, changed, expected, settings: check, purgeAgain: again, ...(undo && { rollBack: undo }) },
      ctx,
    );
  };
}
