import { SmartsyncError } from "../../../lib/errors.ts";
import type { ReleaseLayout } from "./release-layout.ts";

/** Throws "shared-path" (kind refused) when one of these paths belongs to the server: it is never delivered or deleted. */
export function refuseShared({ shared }: ReleaseLayout, paths: Iterable<string>): void {
  if (shared.length === 0) return;
  for (const path of paths) {
    const owner = shared.find((each) => path === each || path.startsWith(`${each}/`) || each.startsWith(`${path}/`));
    if (owner === undefined) continue;
    throw new SmartsyncError(`${path} can't be delivered or deleted: "${owner}" is shared by all releases`, {
      kind: "refused",
      code: "shared-path",
      hint: `exclude it from the site (exclude: ["/${owner}/**"]), or take it out of the target's \`shared\``,
    });
  }
}
