import { once } from "node:events";
import { readFileSync } from "node:fs";
import { glob, stat } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visit } from "../doubles/visitor.ts";
import type { CacheNode } from "../servers/cache-node.ts";
import { type CephServer, startCephRgw } from "../servers/ceph-rgw.ts";
import { startNginxCache } from "../servers/nginx-cache.ts";
import { makeBucket, type S3Bucket } from "../servers/s3-bucket.ts";
import { s3Setting } from "../targets/s3/s3-setting.ts";
import { eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/quickstart/public");

/** A bucket that holds the site, the web server in front of it, and two nodes of a CDN in front of that. */
let server: CephServer;
let bucket: S3Bucket;
let website: Server;
let nodes: CacheNode[];
let workspace: Workspace;

beforeAll(async () => {
  server = await startCephRgw();
  bucket = await makeBucket(server, "end-to-end");
  website = serveBucket().listen(0, "127.0.0.1");
  await once(website, "listening");
  const address = website.address();
  const origin = new URL(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  nodes = await Promise.all([startNginxCache({ origin }), startNginxCache({ origin })]);
  workspace = makeWorkspace();
  workspace.publish(await readFixture());
  const [first] = nodes;
  const edge = { type: "nginx", nodes: nodes.map(({ url }) => url), baseUrls: [`${first?.url}/`] };
  const check = { urls: ["/"], sample: 50, origin: origin.href, privateNetworks: true };
  workspace.configure({ bucket: s3Setting(server, bucket.name) }, { check }, { edge });
});
afterAll(async () => {
  workspace?.[Symbol.dispose]();
  await Promise.all((nodes ?? []).map((node) => node.stop()));
  website?.close();
  await server?.stop();
});

/** A bucket as a web site, as stores with website hosting serve it: an address that ends in a slash is an index page. */
function serveBucket(): Server {
  return createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).slice(1);
    const object = await bucket.get(path === "" || path.endsWith("/") ? `${path}index.html` : path);
    if (object?.Body === undefined)
      return void response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    const body = await object.Body.transformToByteArray();
    response.writeHead(200, { "content-type": object.ContentType ?? "", etag: object.ETag }).end(body);
  });
}

async function readFixture(): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for await (const path of glob("**/*", { cwd: FIXTURE })) {
    if ((await stat(join(FIXTURE, path))).isFile()) files[path] = readFileSync(join(FIXTURE, path));
  }
  return files;
}

async function pushJson(): Promise<Record<string, unknown>> {
  const result = await workspace.run(["push", "--yes", "--json"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return eventsOf(result).at(-1) ?? {};
}

/** What visitors see on every node. */
function see(path: string): Promise<string[]> {
  return Promise.all(nodes.map(async ({ url }) => (await visit(url, new URL(nodes[0]?.url ?? url).host, path)).text));
}

test("a site goes to a bucket behind caches: after the push visitors see the new pages, on every node, and the rest stays cached", async () => {
  expect(await pushJson()).toMatchObject({
    outcome: "done",
    purges: [{ outcome: "done", check: { outcome: "fresh" } }],
  });
  const front = await see("/");
  expect(front[0]).toBe(readFileSync(join(FIXTURE, "index.html"), "utf8"));
  expect(front[1]).toBe(front[0]);
  const about = await see("/about.html");
  const missing = await see("/news/%E6%96%B0%E7%9D%80.html");
  expect(missing).toEqual(["not found", "not found"]);

  // Past smartsync: the caches go on giving what they have, so they do keep it.
  await bucket.write("about.html", "changed behind its back");
  await bucket.write("index.html", "changed behind its back");
  expect(await see("/about.html")).toEqual(about);
  expect(await see("/")).toEqual(front);

  workspace.publish({ "index.html": "<h1>新しいトップ</h1>", "news/新着.html": "<h1>新着</h1>" });
  const done = await pushJson();
  expect(done).toMatchObject({
    outcome: "done",
    purges: [{ cdn: "edge", outcome: "done", requests: 1, check: { outcome: "fresh", wrong: [] } }],
  });
  for (const path of ["/", "/index.html"]) expect(await see(path)).toEqual(Array(2).fill("<h1>新しいトップ</h1>"));
  for (const path of ["/news/%E6%96%B0%E7%9D%80.html", "/news/%e6%96%b0%e7%9d%80.html"]) {
    expect(await see(path)).toEqual(Array(2).fill("<h1>新着</h1>"));
  }

  workspace.publish({ "news/新着.html": null });
  expect(await pushJson()).toMatchObject({ outcome: "done", purges: [{ check: { outcome: "fresh" } }] });
  expect(await see("/news/%E6%96%B0%E7%9D%80.html")).toEqual(["not found", "not found"]);
});

test("a page that was changed behind smartsync's back is found by the look at it, at the origin", async () => {
  workspace.publish({ "news/2026.html": "<h1>2026</h1>" });
  await pushJson();
  await bucket.write("index.html", "changed behind its back");
  workspace.publish({ "news/2026.html": "<h1>2027</h1>" });
  const site = {
    check: {
      urls: ["/index.html"],
      within: "1s",
      origin: `http://127.0.0.1:${portOf(website)}/`,
      privateNetworks: true,
    },
  };
  const [first] = nodes;
  const edge = { type: "nginx", nodes: nodes.map(({ url }) => url), baseUrls: [`${first?.url}/`] };
  workspace.configure({ bucket: s3Setting(server, bucket.name) }, site, { edge });
  const { code, stdout } = await workspace.run(["push", "--yes", "--only", "/news/"]);
  expect(code, stdout).toBe(3);
  expect(stdout).toContain("✗ visitors don't see it yet  edge");
  expect(stdout).toMatch(/origin {2}http:\S+\/index\.html: other content than was delivered/);
});

function portOf(of: Server): number | undefined {
  const address = of.address();
  return typeof address === "object" ? address?.port : undefined;
}
