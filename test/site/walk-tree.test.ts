import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import type { Listing } from "../../src/site/listing.ts";
import { createScanTasks, type ScanTasks } from "../../src/site/scan-tasks.ts";
import { walkTree } from "../../src/site/walk-tree.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { type ScratchSite, scratchSite } from "./scratch-site.ts";

/** Walks a site one directory at a time, and lets the CMS work after each. */
async function walkSlowly(site: ScratchSite, cms: (directory: number) => void): Promise<Map<string, Listing>> {
  const policy = {
    "symlink-outside": "refuse",
    "symlink-broken": "refuse",
    "symlink-loop": "refuse",
    "special-file": "refuse",
    "undecodable-name": "refuse",
  } as const;
  const selection = { include: [], exclude: [], htaccess: true, reserved: [] };
  const real = createScanTasks({ realRoot: site.root, selection, reserved: [], policy, rewrite: null });
  let directory = 0;
  const walk: ScanTasks["walk"] = ({ dirs }) => {
    const walked = real.walk({ dirs, budget: 0 });
    cms(++directory);
    return walked;
  };
  const tasks = { ...real, walk };
  const threads = {
    count: 1,
    walk: async (input: Parameters<ScanTasks["walk"]>[0]) => walk(input),
    hash: async (paths: readonly string[]) => real.hash(paths),
    [Symbol.asyncDispose]: async () => {},
  };
  const ctx = testCtx({ clock: { now: () => 0, sleep: async () => {} } });
  return await walkTree(
    site.root,
    site.root,
    { tasks, threads },
    (listing) => listing,
    () => {},
    ctx,
  );
}

test("a directory renamed before it was read is found under its new name", async () => {
  using site = scratchSite({ "a/b/page.html": "" });
  const tree = await walkSlowly(site, (directory) => {
    if (directory === 2) renameSync(site.at("a/b"), site.at("a/c"));
  });
  expect([tree.get("a")?.names, tree.get("a/c")?.names]).toEqual(["c/", "page.html"]);
});

test("a directory that is never where it was listed ends the scan", async () => {
  using site = scratchSite({ "a/b/page.html": "" });
  let name = "b";
  const walk = walkSlowly(site, (directory) => {
    const next = `${directory}`;
    renameSync(site.at(`a/${name}`), site.at(`a/${next}`));
    name = next;
  });
  await expect(walk).rejects.toMatchObject({ code: "source-changing", message: expect.stringContaining("a/") });
});

test("a root that goes away before it was read is missing", async () => {
  using site = scratchSite();
  renameSync(site.root, `${site.root}.old`);
  await expect(walkSlowly(site, () => {})).rejects.toMatchObject({ kind: "config", code: "source-missing" });
});
