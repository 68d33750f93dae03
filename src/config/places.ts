import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { targetTypes } from "../targets/index.ts";
import type { Problem } from "./problem.ts";
import { entriesOf, valueAt } from "./value-at.ts";

/** A target and where it writes; `directory` where that is one of this machine, absolute and with links resolved. */
interface Place {
  readonly target: string;
  readonly place: string;
  readonly directory?: string;
}

/** Finds targets that are one and the same place, and targets on this machine that overlap a site's source. */
export async function checkPlaces(config: unknown, dir: string): Promise<Problem[]> {
  const places = await findPlaces(config, dir);
  const problems: Problem[] = [];
  for (const [at, { target, place }] of places.entries()) {
    const same = places.slice(0, at).find((other) => other.place === place);
    if (same === undefined) continue;
    const text = `the same place as the target "${same.target}" (${place}); each would overwrite the other's files`;
    problems.push({ path: ["targets", target], text });
  }
  for (const { site, source } of await findSources(config, dir)) {
    for (const { target, directory } of places) {
      if (directory === undefined || !(isInside(directory, source) || isInside(source, directory))) continue;
      const text = `${directory} and the source of the site "${site}", ${source}, lie one inside the other`;
      problems.push({ path: ["targets", target], text });
    }
  }
  return problems;
}

/** Every site's source, absolute and with links resolved. */
export async function findSources(config: unknown, dir: string): Promise<{ site: string; source: string }[]> {
  const sources: { site: string; source: string }[] = [];
  for (const [site, settings] of entriesOf(valueAt(config, ["sites"]))) {
    const source = valueAt(settings, ["source"]);
    if (typeof source === "string") sources.push({ site, source: await resolveLinks(resolve(dir, source)) });
  }
  return sources;
}

/** True when the path is the directory itself or lies below it; both absolute, with links resolved. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** The path with links resolved in as much of it as exists and can be looked at. */
export async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await resolveLinks(parent), basename(path));
  }
}

async function findPlaces(config: unknown, dir: string): Promise<Place[]> {
  const places: Place[] = [];
  for (const [target, written] of entriesOf(valueAt(config, ["targets"]))) {
    const type = targetTypes.find((each) => each.type === valueAt(written, ["type"]));
    const checked = type?.schema.safeParse(written);
    if (type === undefined || !checked?.success) continue;
    const local = type.localDir?.(checked.data, dir);
    if (local === undefined) places.push({ target, place: type.describe(checked.data) });
    else {
      const directory = await resolveLinks(local);
      places.push({ target, place: directory, directory });
    }
  }
  return places;
}
