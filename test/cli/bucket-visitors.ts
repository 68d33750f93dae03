import { versionIn } from "./probe-site.ts";

/** What visitors saw while a version was published. */
interface VisitorReport {
  readonly requests: number;
  /** Visits of which page and asset were of different versions. */
  readonly mixed: number;
}

/** Visitors who read pages, each with the asset it names, without pause. */
export interface Visitors {
  /** Lets them go, and throws what was seen that no visitor should see. */
  end(): Promise<VisitorReport>;
}

const AT_ONCE = 2;
/** A page names its asset so. */
const NAMED = /href="([^"]+)"/;

/**
 * Sends visitors to a site of which the old version or the one after it may be seen. What is wrong: an answer that is
 * not 200, or not whole and of one of the two versions; and an asset that is older than the page that names it.
 */
export function sendVisitors(url: string, pages: readonly string[], oldVersion: number): Visitors {
  let isOver = false;
  let requests = 0;
  let mixed = 0;
  let next = 0;
  const wrong: string[] = [];

  async function read(path: string): Promise<{ version: number; text: string }> {
    const response = await fetch(`${url}/${path.split("/").map(encodeURIComponent).join("/")}`);
    const text = await response.text();
    requests++;
    const version = versionIn(response.status, text);
    if (typeof version === "string") throw new Error(`${path}: ${version}`);
    if (version !== oldVersion && version !== oldVersion + 1) throw new Error(`${path}: version ${version}`);
    return { version, text };
  }

  async function visit(path: string): Promise<void> {
    const page = await read(path);
    const [, asset = ""] = NAMED.exec(page.text) ?? [];
    const { version } = await read(asset);
    if (version !== page.version) mixed++;
    if (version < page.version) throw new Error(`${path} of version ${page.version} has ${asset} of ${version}`);
  }

  async function visitAll(): Promise<void> {
    while (!isOver && wrong.length < 10) {
      await visit(pages[next++ % pages.length] ?? "").catch((error: unknown) => void wrong.push(String(error)));
    }
  }

  const visiting = Promise.all(Array.from({ length: AT_ONCE }, visitAll));
  return {
    async end() {
      isOver = true;
      await visiting;
      if (wrong.length > 0) throw new Error(`visitors of ${url} saw:\n${wrong.join("\n")}`);
      return { requests, mixed };
    },
  };
}
