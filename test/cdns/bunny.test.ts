import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { bunnyCdn } from "../../src/cdns/bunny.ts";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { createSpeller } from "../../src/core/item-speller.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import type { RelPath } from "../../src/core/rel-path.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { BUNNY, type BunnyFake, startBunnyFake } from "../doubles/bunny-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { beginTimes, fitsBucket } from "./begin-times.ts";
import { siteItems } from "./site-items.ts";

function open(fake: BunnyFake, given: object = {}): Promise<Cdn> {
  const config = bunnyCdn.schema.parse({ type: "bunny", ...BUNNY, apiUrl: fake.url, ...given });
  return bunnyCdn.open(config, { name: "edge", baseDir: "/" });
}

testCdn("bunny", async () => {
  const fake = await startBunnyFake();
  return { open: () => open(fake), items: siteItems, fake, secrets: [BUNNY.accessKey] };
});

let fake: BunnyFake;
beforeEach(async () => {
  fake = await startBunnyFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const origin = "https://www.example.jp";

describe("a purge", () => {
  const cases: [PurgeItem, string][] = [
    [
      { kind: "exact", origin, path: "/%E4%BC%9A%E7%A4%BE/a%20b.html" },
      "https://www.example.jp/%E4%BC%9A%E7%A4%BE/a%20b.html",
    ],
    [{ kind: "exact", origin, path: "/news/" }, "https://www.example.jp/news/"],
    [{ kind: "exact", origin, path: "/5*.html" }, "https://www.example.jp/5%2A.html"],
    [{ kind: "directory", origin, path: "/news/" }, "https://www.example.jp/news/*"],
    [{ kind: "directory", origin, path: "/" }, "https://www.example.jp/*"],
    [{ kind: "tag", tag: "お知らせ" }, "tag お知らせ"],
    [{ kind: "everything" }, "everything"],
  ];
  test.each(cases)("of %o is understood", async (item, understood) => {
    await (await opened()).purge({ key: "run-edge-1", items: [item] }, testCtx());
    expect(fake.purged()).toEqual([understood]);
  });

  test("is answered when it is done", async () => {
    await (await opened()).purge({ key: "run-edge-1", items: siteItems("exact", 1) }, testCtx());
    expect(fake.seen[0]?.query.get("async")).toBe("false");
  });
});

test.each([
  ["none", 100],
  ["slash", 100],
  ["both", 400],
] as const)(
  "the pages of a site, with clean URLs %s, are purged at a pace that bunny.net allows",
  async (cleanUrls, count) => {
    const { rules } = await opened();
    const paths = Array.from({ length: count }, (_, at) => `記事/${at}/index.html` as RelPath);
    const pages = paths.flatMap((path, at) => [path, `news/${at}.html` as RelPath]);
    const speller = createSpeller({ addresses: { baseUrls: [`${origin}/`], cleanUrls }, rules });
    const exact = pages.flatMap(speller.pagesOf).sort().flatMap(speller.exactItems);
    const items = [...exact, ...siteItems("directory", 20)];
    const begun = await beginTimes(
      rules,
      items.map((item) => [item]),
    );
    const takes = (isPrefix: boolean) =>
      items.flatMap((item, at) => (isPrefixOf(item) === isPrefix ? [[begun[at] ?? 0, 1] as const] : []));
    expect(fitsBucket(takes(true), 20, 0.5)).toBe(true);
    expect(fitsBucket(takes(false), 120, 5)).toBe(true);
  },
);

/** https://docs.bunny.net/cdn/purge-cache#rate-limits */
function isPrefixOf(item: PurgeItem): boolean {
  return item.kind === "directory" || (item.kind === "exact" && item.path.endsWith("/"));
}

test("more than the account may purge is waited for, and told", async () => {
  await using slow = await startBunnyFake({ exact: { burst: 2, perSecond: 1 }, prefix: { burst: 1, perSecond: 1 } });
  await using cdn = await open(slow);
  const ctx = testCtx();
  const items = siteItems("exact", 3);
  await Promise.all(items.map((item, at) => cdn.purge({ key: `run-edge-${at}`, items: [item] }, ctx)));
  expect(slow.purged()).toHaveLength(3);
  expect(ctx.events).toContainEqual(expect.objectContaining({ type: "retry", target: "edge", waitSeconds: 1 }));
});

test("a wrong pull zone is told as such", async () => {
  const purge = (await opened({ pullZoneId: 1 })).purge(
    { key: "run-edge-1", items: [{ kind: "everything" }] },
    testCtx(),
  );
  const hint = expect.stringContaining("`pullZoneId`");
  await expect(purge).rejects.toMatchObject({ kind: "not-found", code: "cdn-not-found", hint });
});

test("a wrong key is told as such", async () => {
  const purge = (await opened({ accessKey: "other" })).purge(
    { key: "run-edge-1", items: siteItems("exact", 1) },
    testCtx(),
  );
  const hint = expect.stringContaining("`accessKey`");
  await expect(purge).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong", hint });
});

test("the pull zone can be looked at without purging it", async () => {
  expect(await (await opened()).examine?.(testCtx())).toEqual(["pull zone example-jp, enabled"]);
  expect(fake.purged()).toEqual([]);
});
