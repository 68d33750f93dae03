import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** What may be seen under a path: these contents as latin1 text, null where there may be no file. */
export type Allowed = ReadonlyMap<string, ReadonlySet<string | null>>;

/** A look at files that goes on until it is ended. */
export interface FileWatch {
  /** Ends it, and throws what was seen that may not be. Gives how many looks there were. */
  end(): Promise<number>;
}

/**
 * Reads every file again and again as a web server would, by its path, links followed: at each look it must be one of
 * what is allowed, whole.
 */
export function watchFiles(root: string, allowed: Allowed): FileWatch {
  let looks = 0;
  let ended = false;
  const wrong: string[] = [];
  const look = (): void => {
    for (const [path, contents] of allowed) {
      const content = readOrNull(join(root, path));
      if (!contents.has(content)) wrong.push(`${path} was ${content === null ? "missing" : JSON.stringify(content)}`);
    }
    looks++;
  };
  const watching = (async () => {
    while (!ended) {
      look();
      await delay(8);
    }
    look();
  })();
  return {
    async end() {
      ended = true;
      await watching;
      if (wrong.length > 0) throw new Error(`seen in ${root}: ${wrong.slice(0, 5).join("; ")}`);
      return looks;
    },
  };
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
}
