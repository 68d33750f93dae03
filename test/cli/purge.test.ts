import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CLOUDFLARE, type CloudflareFake, startCloudflareFake } from "../doubles/cloudflare-fake.ts";
import { type CliResult, eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

const PAGES = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`記事/${n}.html`, `<h1>${n}</h1>`]));
const SITE = { "index.html": "top", "news/index.html": "news", "assets/site.css": "body {}", ...PAGES };
const WWW = "https://www.example.jp";

let fake: CloudflareFake;
let workspace: Workspace;
beforeEach(async () => {
  fake = await startCloudflareFake();
  workspace = makeWorkspace();
  configure();
  workspace.publish(SITE);
});
afterEach(async () => {
  workspace[Symbol.dispose]();
  await fake[Symbol.asyncDispose]();
});

function configure(site: object = {}, edge: object = {}): void {
  const { zoneId } = CLOUDFLARE;
  const cdn = { type: "cloudflare", zoneId, apiToken: "${env:CF_TOKEN}", apiUrl: fake.url, ...edge };
  workspace.configure({ copy: { type: "local", path: "./www" } }, { url: `${WWW}/`, ...site }, { edge: cdn });
}

async function run(code: number, ...args: string[]): Promise<CliResult & { output: string }> {
  const result = await workspace.run(args, { CF_TOKEN: CLOUDFLARE.apiToken });
  const output = result.stdout + result.stderr;
  expect(result.code, output).toBe(code);
  expect(output).not.toContain(CLOUDFLARE.apiToken);
  expect(output).not.toMatch(/\n\s+at .+:\d+:\d+/);
  return { ...result, output };
}

/** What Cloudflare was asked to drop since the last look. */
function purged(): string[] {
  const all = fake.purged();
  const now = all.slice(seen);
  seen = all.length;
  return now;
}
let seen = 0;
beforeEach(() => {
  seen = 0;
});

async function deliver(): Promise<void> {
  await run(0, "push", "--yes", "--quiet");
  purged();
}

describe("a delivery", () => {
  test("purges what it changed, and nothing else; plan says so before", async () => {
    await deliver();
    workspace.publish({ "記事/3.html": "new", "記事/新着.html": "added", "assets/site.css": null });
    expect((await run(0, "plan")).output).toContain("edge  purge 3 paths; 3 of 33 objects");
    const { output } = await run(0, "push", "--yes");
    expect(output).toContain("✓ purged  edge  3 of 33 files in 3 items and 1 request");
    expect(purged()).toEqual(
      ["assets/site.css", "記事/3.html", "記事/新着.html"].map((path) => `files ${WWW}/${encodeURI(path)}`),
    );
  });

  test("of a whole folder is one item", async () => {
    await deliver();
    workspace.publish(Object.fromEntries(Object.keys(PAGES).map((path) => [path, "rebuilt"])));
    await run(0, "push", "--yes");
    expect(purged()).toEqual([`prefixes www.example.jp/${encodeURI("記事")}/`]);
  });

  test("that changes nothing purges nothing", async () => {
    await deliver();
    expect((await run(0, "push", "--yes")).output).toContain("✓ nothing to purge  edge");
    expect(purged()).toEqual([]);
  });

  test("tells programs the same", async () => {
    await deliver();
    workspace.publish({ "index.html": "new" });
    const events = eventsOf(await run(0, "push", "--yes", "--json"));
    expect(events.filter(({ type }) => String(type).startsWith("purge"))).toMatchObject([
      { type: "purge-planned", cdn: "edge", requests: 1, plan: { items: 2, changed: 1, dropped: 1, of: 33 } },
      { type: "purge-sent", cdn: "edge", batch: 1, of: 1, items: 2 },
      { type: "purge-done", result: { cdn: "edge", outcome: "done", requests: 1, items: 2 } },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "done", outcome: "done", purges: [{ cdn: "edge", outcome: "done" }] });
  });

  test("without the CDN's secret touches nothing", async () => {
    const { code, stderr } = await workspace.run(["push", "--yes"]);
    expect(code).toBe(2);
    expect(stderr).toContain("cdns.edge.apiToken: the environment variable CF_TOKEN is not set");
    expect((await workspace.run(["history"])).stdout).not.toContain("delivered");
  });
});

describe("a purge that fails", () => {
  test("leaves the delivery as it is, with exit code 3; the next run makes it good, with nothing to deliver", async () => {
    await deliver();
    workspace.publish({ "news/index.html": "new" });
    fake.break("401", 3);
    const { output } = await run(3, "push", "--yes");
    expect(output).toContain("✓ delivered  copy  1 sent");
    expect(output).toContain("✗ purge failed  edge");
    expect(output).toContain("[credentials-wrong]");
    expect(output).toContain("at once: smartsync purge corporate");
    expect(purged()).toEqual([]);
    expect((await run(0, "status")).output).toMatch(
      /! run \S+ has still to be purged from edge: the next push does it/,
    );
    const next = await run(0, "push", "--yes");
    expect(next.output).toContain("✓ up to date  copy");
    expect(next.output).toMatch(/with what \d{8}T\d{6}-[0-9a-f]{8} had left to purge/);
    expect(purged()).toEqual(["", "/", "/index.html"].map((end) => `files ${WWW}/news${end}`));
    await run(0, "push", "--yes");
    expect(purged()).toEqual([]);
    expect((await run(0, "status")).output).not.toContain("has still to be purged");
  });

  test("is made good by a machine that knows nothing of it", async () => {
    await deliver();
    workspace.publish({ "記事/1.html": "new" });
    fake.break("401", 3);
    await run(3, "push", "--yes");
    configure({}, {});
    await workspace.run(["unlock", "--yes"]);
    expect((await run(0, "plan", "--config", "smartsync.yaml")).output).toContain(
      "edge  purge 1 path; 1 of 33 objects",
    );
    await run(0, "purge");
    expect(purged()).toEqual([`files ${WWW}/${encodeURI("記事/1.html")}`]);
  });

  test("is in the history and in show", async () => {
    await deliver();
    workspace.publish({ "index.html": "new" });
    fake.break("401", 3);
    await run(3, "push", "--yes");
    expect((await run(0, "history")).output).toMatch(/! delivered, but a purge failed +corporate +1 .* failed /);
    expect((await run(0, "show")).output).toContain("✗ purge failed  edge");
  });
});

describe("smartsync purge", () => {
  test("takes paths, folders and addresses", async () => {
    await deliver();
    await run(0, "purge", "corporate", "/index.html", `${WWW}/news/`);
    expect(purged()).toEqual(
      ["", "index.html", "news", "news/", "news/index.html"].map((path) => `files ${WWW}/${path}`),
    );
    await run(0, "purge", "/記事/");
    expect(purged()).toEqual([`prefixes www.example.jp/${encodeURI("記事")}/`]);
    await run(0, "purge", "/gone.html");
    expect(purged()).toEqual([`files ${WWW}/gone.html`]);
  });

  test("takes what a run changed", async () => {
    await deliver();
    workspace.publish({ "記事/2.html": "new" });
    await run(0, "push", "--yes");
    const [record] = eventsOf(await run(0, "history", "--json"));
    purged();
    await run(0, "purge", "--run", String(record?.id));
    expect(purged()).toEqual([`files ${WWW}/${encodeURI("記事/2.html")}`]);
  });

  test("takes everything", async () => {
    await deliver();
    expect((await run(0, "purge", "--all", "--yes")).output).toContain("✓ purged  edge  33 of 33 files in 1 item");
    expect(purged()).toEqual(["everything"]);
    expect((await run(0, "history")).output).toMatch(/✓ purged +corporate .*\(purge\)/);
  });

  test("shows what it would ask for, and asks for nothing", async () => {
    await deliver();
    const { output } = await run(0, "purge", "/news/", "--dry-run");
    expect(output).toContain("edge  purge 3 paths; 1 of 33 objects");
    expect(output).toContain(`  ${WWW}/news/\n`);
    expect(purged()).toEqual([]);
    expect((await run(0, "history")).output).not.toContain("(purge)");
  });

  test.each([
    [["purge", "--all", "--run", "x"], "exclude one another"],
    [["purge", "--cdn", "egde", "--all"], 'the site "corporate" has no CDN named "egde"'],
    [["purge", "https://other.example.jp/a.html"], "it is not below an address of the site"],
    [["purge", "/../etc/passwd"], "it is no path below the site's root"],
    [["purge", "--run", "2001"], "no run"],
  ])("%j is refused with what is wrong", async (args, why) => {
    await deliver();
    expect((await run(2, ...args)).output).toContain(why);
    expect(purged()).toEqual([]);
  });

  test("of a site without a CDN says so", async () => {
    workspace.configure({ copy: { type: "local", path: "./www" } });
    expect((await run(2, "purge", "--all")).output).toContain('the site "corporate" has no CDN');
  });
});

test("doctor looks at the CDN", async () => {
  await deliver();
  const { output } = await run(0, "doctor");
  expect(output).toMatch(/edge\n {2}✓ addresses +https:\/\/www\.example\.jp\/\n {2}✓ purge +zone example\.jp, active/);
  fake.state.denied = true;
  expect(purged()).toEqual([]);
});
