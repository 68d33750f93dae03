import { rmdirSync } from "node:fs";
import { expect, test } from "vitest";
import { startNginx, type WebServer } from "../servers/nginx.ts";
import { type SshServer, startSshd } from "../servers/sshd.ts";
import { mark, type Probe, startProbe } from "./probe-site.ts";
import { sshSetting } from "./ssh-setting.ts";
import { eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

const DELIVERIES = 20;
const ROLLBACKS = 3;
const PAGES = ["index.html", "会社/概要.html", "ニュース/2026/大きい.html", ...range(12).map((n) => `news/${n}.html`)];
const ASSETS = ["assets/site.css", "assets/app.js"];

/**
 * Two web servers behind a load balancer, each visited by a client that knows nothing of deliveries. What it proves:
 *
 * - No request fails: every file is there at every moment, under every path.
 * - Every answer is whole and of one version: nginx opens a path once and reads what it opened to the end, so what a
 *   switch takes out of sight goes on being what it was.
 * - A server never goes back, over all paths together: once one file is seen in the new version, every request that
 *   begins later gets the new version, whatever it asks for. Were there a moment with old files beside new ones, a loop
 *   over all of them would meet an old one after a new one.
 * - Nothing is seen before its delivery begins, and nothing older once it has ended.
 *
 * A page and its asset are two requests: a visitor who fetches one before a switch and the other after it gets two
 * versions from any server. He gets both, and never an older asset than his page's.
 */
test(`visitors of two web servers see ${DELIVERIES} deliveries and ${ROLLBACKS} rollbacks switch at once, each as a whole`, async () => {
  await using web1 = await startSite();
  await using web2 = await startSite();
  const sites = [web1, web2];
  using workspace = makeWorkspace();
  const target = ({ server }: Site) => sshSetting("rsync", server, { releases: true, keep: ROLLBACKS + 1 });
  workspace.configure({ web1: target(web1), web2: target(web2) }, { publish: "together" });
  await deliver(workspace, 0);

  const forward = range(DELIVERIES + 1);
  const probes = sites.map(({ web }) => startProbe(web.url, [...PAGES, ...ASSETS], forward));
  for (const version of forward.slice(1)) await during(probes, version, () => deliver(workspace, version));
  const reports = await Promise.all(probes.map((probe) => probe.end()));
  for (const { versions } of reports) expect(versions).toEqual(forward);

  const back = range(ROLLBACKS + 1).map((n) => DELIVERIES - n);
  const backProbes = sites.map(({ web }) => startProbe(web.url, [...PAGES, ...ASSETS], back));
  for (const version of back.slice(1)) {
    await during(backProbes, version, async () => {
      const result = await workspace.run(["rollback", "corporate", "--yes"]);
      expect(result.code, result.stdout + result.stderr).toBe(0);
    });
  }
  const backReports = await Promise.all(backProbes.map((probe) => probe.end()));
  for (const { versions } of backReports) expect(versions).toEqual(back);
  const requests = [...reports, ...backReports].reduce((sum, report) => sum + report.requests, 0);
  console.log(
    `${requests} requests during ${DELIVERIES} deliveries and ${ROLLBACKS} rollbacks, none of them mixed or missing`,
  );
}, 240_000);

interface Site extends AsyncDisposable {
  readonly server: SshServer;
  readonly web: WebServer;
}

/** A server with a document root that is a link to a release, and nginx in front of it. */
async function startSite(): Promise<Site> {
  await using open = new AsyncDisposableStack();
  const server = open.use(await startSshd());
  rmdirSync(server.root);
  const web = open.use(await startNginx({ root: server.root }));
  const opened = open.move();
  return { server, web, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Rebuilds the whole site and delivers it; both servers have everything before either shows any of it. */
async function deliver(workspace: Workspace, version: number): Promise<void> {
  const content = (path: string, n: number) => `${path} ${mark(version)}\n`.repeat(1 + n * 20) + mark(version);
  const files = [...PAGES, ...ASSETS].map((path, n): [string, string] => [path, content(path, n)]);
  const large = `<p>${mark(version)}</p>\n`.repeat(12_000) + mark(version);
  workspace.publish({ ...Object.fromEntries(files), "ニュース/2026/大きい.html": large });
  const result = await workspace.run(["push", "--yes", "--json"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const types = eventsOf(result).map(({ type }) => type);
  expect(types.filter((type) => type === "staged")).toHaveLength(2);
  expect(types.lastIndexOf("staged")).toBeLessThan(types.indexOf("published"));
}

async function during(probes: readonly Probe[], version: number, work: () => Promise<void>): Promise<void> {
  for (const probe of probes) probe.begun(version);
  await work();
  for (const probe of probes) probe.done(version);
  // A while of the new version alone.
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 100);
  await promise;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
