import { suggest } from "./nearest.ts";
import { checkPlaces } from "./places.ts";
import type { Problem } from "./problem.ts";
import { parseTemplate } from "./template.ts";
import { eachScalar, entriesOf, valueAt } from "./value-at.ts";

/**
 * Finds what no single key can tell: names that lead nowhere, targets used twice, places that overlap, placeholders
 * that are not well formed. Works on the data as written, whether or not the schema accepts all of it, so that every
 * problem is found at once.
 */
export async function crossCheck(config: unknown, dir: string): Promise<Problem[]> {
  return [...checkReferences(config), ...checkPlaceholders(config), ...(await checkPlaces(config, dir))];
}

function checkReferences(config: unknown): Problem[] {
  const known = entriesOf(valueAt(config, ["targets"])).map(([name]) => name);
  const usedBy = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [site, settings] of entriesOf(valueAt(config, ["sites"]))) {
    for (const [at, name] of eachScalar(valueAt(settings, ["targets"]))) {
      const path = ["sites", site, "targets", ...at];
      const user = usedBy.get(name);
      usedBy.set(name, site);
      if (!known.includes(name)) {
        problems.push({ path, text: `no target is named "${name}"; ${suggest(name, known)}` });
      } else if (user === site) {
        problems.push({ path, text: `the target "${name}" is named twice` });
      } else if (user !== undefined) {
        const text = `the target "${name}" already belongs to the site "${user}"; each would overwrite the other's files`;
        problems.push({ path, text });
      }
    }
  }
  return problems;
}

function checkPlaceholders(config: unknown): Problem[] {
  const problems: Problem[] = [];
  for (const [path, text] of eachScalar(config)) {
    const { parts, problem } = parseTemplate(text);
    if (path[0] === "targets" && problem !== undefined) problems.push({ path, text: problem });
    if (path[0] === "sites" && parts.some((part) => typeof part !== "string")) {
      problems.push({ path, text: "placeholders are replaced only in targets" });
    }
  }
  return problems;
}
