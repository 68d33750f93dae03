import type { Ctx } from "../../core/context.ts";
import type { SmartsyncError } from "../../lib/errors.ts";
import type { Finding } from "./judge-page.ts";

/** Some of the findings are of an edge whose origin is right, or isn't known to be wrong: a purge may help. */
export function isStaleAtEdge(found: readonly Finding[]): boolean {
  const wrong = found.filter(({ error }) => error === undefined);
  const wrongBehind = new Set(wrong.filter(({ where }) => where === "origin").map(({ url }) => url));
  return wrong.some(({ where, url }) => where === "edge" && !wrongBehind.has(url));
}

/** One warning for each sort of finding: wrong ("check-stale"), not answered ("check-unreachable", "check-private"). */
export function warnOfFindings(cdn: string, urls: number, found: readonly Finding[], ctx: Ctx): void {
  for (const [code, same] of Map.groupBy(found, codeOf)) {
    const [first] = same;
    if (first === undefined) continue;
    const count = new Set(same.map(({ url }) => url)).size;
    const { url, where, why, error } = first;
    const what = code === "check-stale" ? "not what was delivered" : "not to be looked at";
    const message = `${cdn}: ${count} of ${urls} ${urls === 1 ? "address is" : "addresses are"} ${what}: ${url} (${where}): ${why}`;
    const hint = error === undefined ? hintFor(same) : unreachedHint(error);
    ctx.emit({ type: "warning", code, message, hint });
  }
}

function codeOf({ error }: Finding): string {
  if (error === undefined) return "check-stale";
  return error.code === "check-private" ? error.code : "check-unreachable";
}

function hintFor(found: readonly Finding[]): string {
  if (!isStaleAtEdge(found)) return "the server behind the CDN gives it so itself: no purge helps, look there";
  return "see that visitors reach this CDN at that address; purge it again with `smartsync purge`, or set `onFailure: purge`";
}

function unreachedHint({ kind, hint }: SmartsyncError): string {
  const usual = "see whether this machine reaches that address, and a firewall lets it through";
  return kind === "transient" ? usual : (hint ?? usual);
}
