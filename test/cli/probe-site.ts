import { setImmediate } from "node:timers/promises";

/** What a probe saw. */
interface ProbeReport {
  readonly requests: number;
  /** Which versions were seen, in the order in which they were. */
  readonly versions: readonly number[];
}

/** A visitor who fetches a site over and over. */
export interface Probe {
  /** From now on this version may be seen … */
  begun(version: number): void;
  /** … and from now on nothing that came before it. */
  done(version: number): void;
  /** Ends it, and throws what was seen that no visitor should see. */
  end(): Promise<ProbeReport>;
}

/** What is written in every file of a version of the site, many times. */
export function mark(version: number): string {
  return `«version ${version}»`;
}

/**
 * Fetches these paths in a tight loop, one after the other, each by a request of its own. `versions` are those that will
 * be delivered, in their order. What is wrong: an answer that is not 200; one that carries two versions, or lacks its
 * end; a version that may not be seen yet, or no more; and one that is older than what was seen before it under
 * whatever path.
 */
export function startProbe(url: string, paths: readonly string[], versions: readonly number[]): Probe {
  let oldest = 0;
  let newest = 0;
  let last = 0;
  let requests = 0;
  let ended = false;
  const seen: number[] = [];
  const wrong: string[] = [];

  async function visit(path: string): Promise<void> {
    const oldestThen = oldest;
    const response = await fetch(`${url}/${path.split("/").map(encodeURIComponent).join("/")}`);
    const text = await response.text();
    requests++;
    const at = versionIn(response.status, text);
    if (typeof at === "string") return void wrong.push(`${path}: ${at}`);
    const now = versions.indexOf(at, Math.max(0, oldestThen));
    if (now < oldestThen || now > newest || now < last) {
      const may = versions.slice(oldestThen, newest + 1).join(", ");
      wrong.push(`${path}: version ${at} after ${versions[last]}, when it could be ${may}`);
      return;
    }
    if (now !== last || seen.length === 0) seen.push(at);
    last = now;
  }

  const visiting = (async () => {
    while (!ended && wrong.length < 10) {
      for (const path of paths) await visit(path);
      await setImmediate();
    }
  })();
  // Whoever fails before the end stops the web server as well; with an end, the reason is thrown there.
  visiting.catch(() => {});

  return {
    begun: (version) => {
      newest = versions.indexOf(version);
    },
    done: (version) => {
      oldest = versions.indexOf(version);
    },
    async end() {
      ended = true;
      await visiting;
      if (wrong.length > 0) throw new Error(`visitors of ${url} saw:\n${wrong.join("\n")}`);
      return { requests, versions: seen };
    },
  };
}

/** The one version that is marked in an answer, or what is wrong with it. */
export function versionIn(status: number, text: string): number | string {
  if (status !== 200) return `status ${status}`;
  const found = new Set([...text.matchAll(/«version (\d+)»/g)].map(([, version]) => Number(version)));
  const [version] = found;
  if (version === undefined || found.size !== 1) return `versions ${[...found].join(" and ") || "none"} in one answer`;
  return text.endsWith(mark(version)) ? version : "cut off";
}
