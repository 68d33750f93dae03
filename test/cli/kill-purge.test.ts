import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visit } from "../doubles/visitor.ts";
import type { CacheNode } from "../servers/cache-node.ts";
import { startNginxCache } from "../servers/nginx-cache.ts";
import { countKills, type KilledPush, killPush, pushAll } from "./kill-push.ts";
import { makeWorkspace, type Workspace } from "./workspace.ts";

const KILLS = 20;
const PAGES = 24;

let workspace: Workspace;
let website: Server;
let node: CacheNode;
beforeAll(async () => {
  workspace = makeWorkspace();
  website = serve(join(workspace.dir, "www")).listen(0, "127.0.0.1");
  await once(website, "listening");
  const address = website.address();
  const origin = new URL(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  node = await startNginxCache({ origin });
  const edge = { type: "nginx", nodes: [node.url], baseUrls: [`${node.url}/`] };
  const guard = { maxDelete: "100%", maxShrink: "100%" };
  workspace.configure({ copy: { type: "local", path: "./www" } }, { guard }, { edge });
});
afterAll(async () => {
  workspace?.[Symbol.dispose]();
  await node?.stop();
  website?.close();
});

/** The web server behind the cache. */
function serve(root: string): Server {
  return createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).slice(1);
    const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    const content = await readFile(join(root, file)).catch(() => undefined);
    response.writeHead(content === undefined ? 404 : 200, { "content-type": "text/html" }).end(content ?? "not found");
  });
}

/** The site after its n-th rebuild: some pages new, some changed, some gone, most as they were. */
function rebuild(round: number): ReadonlyMap<string, string> {
  const pages = new Map([["index.html", `top as of ${round}`]]);
  for (let n = 0; n < PAGES; n++) {
    const age = Math.floor((round + n) / 4);
    if (age % 5 !== 4) pages.set(`記事/${n % 3}/page ${n}.html`, `page ${n} as of ${age}`);
  }
  return pages;
}

const EVERY_PATH = ["/", ...Array.from({ length: PAGES }, (_, n) => encodeURI(`/記事/${n % 3}/page ${n}.html`))];

async function see(): Promise<Map<string, string>> {
  const host = new URL(node.url).host;
  const seen = await Promise.all(
    EVERY_PATH.map(async (path) => [path, (await visit(node.url, host, path)).text] as const),
  );
  return new Map(seen);
}

test(`${KILLS} deliveries killed at random moments, the purge among them: one plain run later, on a machine that knows nothing, no visitor sees an old page`, async () => {
  const kills: KilledPush[] = [];
  let held = new Map<string, string>();
  let told = (await publish(0)).told;
  for (let round = 1; kills.length < KILLS; round++) {
    const pages = rebuild(round);
    await see();
    hold(pages);
    const killed = await killPush(workspace, told);
    if (killed !== undefined) kills.push(killed);
    // What visitors ask for now is kept, half-delivered as it is.
    await see();
    if (round % 2 === 0)
      for (const end of ["", "-wal", "-shm"])
        await rm(join(workspace.dir, ".smartsync", `state.db${end}`), { force: true });
    const next = await pushAll(workspace);
    if (next.told.size > 0) told = next.told;
    const seen = await see();
    for (const path of EVERY_PATH) {
      const file = path === "/" ? "index.html" : decodeURI(path.slice(1));
      expect(seen.get(path), `${path} after ${killed?.after}`).toBe(pages.get(file) ?? "not found");
    }
  }
  console.log(`purges: ${KILLS} deliveries killed (${countKills(kills)}), all made good`);

  function hold(pages: ReadonlyMap<string, string>): void {
    const gone = [...held.keys()].filter((path) => !pages.has(path));
    workspace.publish({ ...Object.fromEntries(pages), ...Object.fromEntries(gone.map((path) => [path, null])) });
    held = new Map(pages);
  }
  async function publish(round: number) {
    hold(rebuild(round));
    await pushAll(workspace);
    hold(rebuild(round + 8));
    return pushAll(workspace);
  }
}, 300_000);
