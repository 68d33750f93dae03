import type { Ctx } from "../../core/context.ts";
import { type Check, type Finding, failedCheck, ok, tryOut } from "../check.ts";
import type { PlanDeps } from "../job.ts";
import { openCdns } from "./open-cdns.ts";

/**
 * Looks for everything a purge needs of one of a site's CDNs, and purges nothing: its settings and secrets, and what the
 * provider says of keys, rights and the zone, where that can be asked.
 */
export async function examineCdn(site: string, name: string, deps: PlanDeps, ctx: Ctx): Promise<Check[]> {
  await using open = new AsyncDisposableStack();
  try {
    const { cdns } = open.use(await openCdns(site, deps, [name]));
    return await Promise.all(
      cdns.flatMap(({ addresses, cdn }) => [
        tryOut("addresses", async () => ok(addresses.baseUrls.join(", "))),
        tryOut("purge", async (): Promise<Finding> => {
          if (cdn.examine !== undefined) return ok((await cdn.examine(ctx)).join(", "));
          return ok("what it takes can't be asked without purging: the first delivery tells");
        }),
      ]),
    );
  } catch (error) {
    return [failedCheck("settings", error)];
  }
}
