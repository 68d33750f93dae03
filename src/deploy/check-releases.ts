import type { Ctx } from "../core/context.ts";
import type { Releases } from "../targets/target.ts";
import { type Finding, ok } from "./check.ts";

/** Which versions of the site a target keeps, or what must be done before it can keep any. */
export async function checkReleases(releases: Releases, ctx: Ctx): Promise<Finding> {
  const conversion = await releases.conversion(ctx);
  if (conversion !== undefined) {
    return {
      outcome: "warning",
      detail: ["the document root is not laid out for releases; to be done:", ...conversion.steps].join("\n"),
      hint: "`smartsync convert` shows these steps again, asks, and does them",
    };
  }
  const list = await releases.list(ctx);
  const current = list.find((release) => release.current);
  if (current === undefined) return ok("none yet: the first delivery makes one");
  return ok(`${list.length} kept, visitors see ${current.name}`);
}
