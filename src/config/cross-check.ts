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
  return [
    ...checkNames(config, "targets", "target", "each would overwrite the other's files"),
    ...checkNames(config, "cdns", "CDN", "give each site an entry of its own, with its own baseUrls"),
    ...checkCdns(config),
  ];
}

/** Names of targets or CDNs that are not there, are named twice, or belong to another site already, and why they can't. */
function checkNames(config: unknown, key: "targets" | "cdns", word: string, why: string): Problem[] {
  const known = entriesOf(valueAt(config, [key])).map(([name]) => name);
  const usedBy = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [site, settings] of entriesOf(valueAt(config, ["sites"]))) {
    for (const [at, name] of eachScalar(valueAt(settings, [key]))) {
      const path = ["sites", site, key, ...at];
      const user = usedBy.get(name);
      usedBy.set(name, site);
      if (!known.includes(name)) {
        problems.push({ path, text: `no ${word} is named "${name}"; ${suggest(name, known)}` });
      } else if (user === site) {
        problems.push({ path, text: `the ${word} "${name}" is named twice` });
      } else if (user !== undefined) {
        problems.push({ path, text: `the ${word} "${name}" already belongs to the site "${user}"; ${why}` });
      }
    }
  }
  return problems;
}

/** What a CDN needs of the site it stands in front of: an address, and the targets it names. */
function checkCdns(config: unknown): Problem[] {
  const problems: Problem[] = [];
  for (const [site, settings] of entriesOf(valueAt(config, ["sites"]))) {
    const targets = [...eachScalar(valueAt(settings, ["targets"]))].map(([, name]) => name);
    if (valueAt(settings, ["check"]) !== undefined && ![...eachScalar(valueAt(settings, ["cdns"]))].length) {
      problems.push({ path: ["sites", site, "check"], text: "it looks at what was purged: name the site's `cdns`" });
    }
    for (const [at, name] of eachScalar(valueAt(settings, ["cdns"]))) {
      const cdn = valueAt(config, ["cdns", name]);
      if (cdn === undefined) continue;
      if (valueAt(settings, ["url"]) === undefined && valueAt(cdn, ["baseUrls"]) === undefined) {
        const text = `the addresses in front of which "${name}" stands are not known: give the site a \`url\`, or the CDN \`baseUrls\``;
        problems.push({ path: ["sites", site, "cdns", ...at], text });
      }
      for (const [step, target] of eachScalar(valueAt(cdn, ["targets"]))) {
        if (targets.includes(target)) continue;
        const text = `the site "${site}" has no target named "${target}"; ${suggest(target, targets)}`;
        problems.push({ path: ["cdns", name, "targets", ...step], text });
      }
    }
  }
  return problems;
}

function checkPlaceholders(config: unknown): Problem[] {
  const problems: Problem[] = [];
  for (const [path, text] of eachScalar(config)) {
    const { parts, problem } = parseTemplate(text);
    if ((path[0] === "targets" || path[0] === "cdns") && problem !== undefined) problems.push({ path, text: problem });
    if (path[0] === "sites" && parts.some((part) => typeof part !== "string")) {
      problems.push({ path, text: "placeholders are replaced only in targets and CDNs" });
    }
  }
  return problems;
}
