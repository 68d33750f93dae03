import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { sakuraWebaccelCdn } from "../../src/cdns/sakura-webaccel.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { startProvider } from "../doubles/provider-fake.ts";
import { SAKURA, type SakuraFake, startSakuraFake } from "../doubles/sakura-webaccel-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { beginTimes, mostWithin } from "./begin-times.ts";
import { siteItems } from "./site-items.ts";

const origin = "https://www.example.jp";
const apiPath = "/cloud/zone/is1a/api/webaccel/1.0";

function open(fake: SakuraFake, given: object = {}): Promise<Cdn> {
  const config = { type: "sakura-webaccel", ...SAKURA, baseUrls: [origin], apiUrl: `${fake.url}${apiPath}/`, ...given };
  return sakuraWebaccelCdn.open(sakuraWebaccelCdn.schema.parse(config), { name: "edge", baseDir: "/" });
}

testCdn("sakura-webaccel", async () => {
  const fake = await startSakuraFake();
  return { open: () => open(fake), items: siteItems, fake, secrets: [SAKURA.apiSecret] };
});

let fake: SakuraFake;
beforeEach(async () => {
  fake = await startSakuraFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const items = siteItems("exact", 4);
const addresses = items.map((item) => ("path" in item ? `${origin}${item.path}` : ""));
const [first = "", second = ""] = addresses;

describe("every address has a result of its own", () => {
  test("and one that is not cached is as good as deleted", async () => {
    fake.state.notCached.add(first);
    expect(await (await opened()).purge({ key: "run-edge-1", items }, testCtx())).toEqual({});
    expect(fake.purged()).toEqual(addresses);
  });

  test("and one that failed is told, while the others are deleted", async () => {
    fake.state.failing.add(second);
    const receipt = await (await opened()).purge({ key: "run-edge-1", items }, testCtx());
    expect(receipt.refused).toEqual([{ item: items[1], why: "Internal Server Error (500)" }]);
    expect(fake.purged()).toEqual(addresses.toSpliced(1, 1));
  });

  test("and one of somebody else's site is told", async () => {
    const foreign = { kind: "exact", origin: "https://www.example.com", path: "/" } as const;
    const receipt = await (await opened()).purge({ key: "run-edge-1", items: [...items, foreign] }, testCtx());
    expect(receipt.refused).toEqual([{ item: foreign, why: "Forbidden (403)" }]);
  });

  test("and it is found when the address comes back spelt in another way", async () => {
    fake.state.spellsAnew = true;
    fake.state.failing.add(first);
    const receipt = await (await opened()).purge({ key: "run-edge-1", items }, testCtx());
    expect(receipt.refused).toEqual([{ item: items[0], why: "Internal Server Error (500)" }]);
  });

  test("and one that the answer leaves out counts as not deleted", async () => {
    fake.state.silent = 1;
    const receipt = await (await opened()).purge({ key: "run-edge-1", items }, testCtx());
    expect(receipt.refused).toEqual([{ item: items[3], why: "the answer says nothing of it" }]);
  });
});

describe("everything", () => {
  const everything = { key: "run-edge-1", items: [{ kind: "everything" }] } as const;

  test("is the site of the base address", async () => {
    await (await opened()).purge(everything, testCtx());
    expect(fake.purged()).toEqual(["www.example.jp *"]);
  });

  test("is the site that the configuration names", async () => {
    await (await opened({ domain: "abcd1234.user.webaccel.jp" })).purge(everything, testCtx());
    expect(fake.purged()).toEqual(["abcd1234.user.webaccel.jp *"]);
  });

  test("of a site that is not there is told as such", async () => {
    await expect((await opened({ domain: "www.example.com" })).purge(everything, testCtx())).rejects.toMatchObject({
      kind: "not-found",
      code: "cdn-not-found",
      hint: expect.stringContaining("`domain`"),
    });
  });
});

test("whatever has changed, there are never more than 500 calls in an hour", async () => {
  const { rules } = await opened();
  const begun = await beginTimes(rules, [
    ...Array.from({ length: 20 }, () => [{ kind: "everything" } as const]),
    ...Array.from({ length: 1_000 }, () => siteItems("exact", 1)),
  ]);
  expect(
    mostWithin(
      begun.map((at) => [at, 1]),
      3_600,
    ),
  ).toBeLessThanOrEqual(500);
});

test("a key without the right to Web Accelerator is told what it needs", async () => {
  fake.state.denied = true;
  await expect((await opened()).purge({ key: "run-edge-1", items }, testCtx())).rejects.toMatchObject({
    kind: "auth",
    code: "permission-denied",
    hint: expect.stringContaining("right to Web Accelerator"),
  });
});

test("a wrong secret is told as such", async () => {
  const purge = (await opened({ apiSecret: "other" })).purge({ key: "run-edge-1", items }, testCtx());
  await expect(purge).rejects.toMatchObject({
    code: "credentials-wrong",
    hint: expect.stringContaining("`apiSecret`"),
  });
});

test("a failure under the status 200 is a failure", async () => {
  fake.state.fatal = true;
  const purge = (await opened()).purge({ key: "run-edge-1", items: [{ kind: "everything" }] }, testCtx());
  await expect(purge).rejects.toMatchObject({
    code: "cdn-refused",
    message: expect.stringContaining("要求を処理できません"),
  });
});

test("the sites are looked at without deleting anything", async () => {
  expect(await (await opened()).examine?.(testCtx())).toEqual(["site 会社 (www.example.jp), enabled"]);
  const subdomain = { domain: "abcd1234.user.webaccel.jp" };
  expect(await (await opened(subdomain)).examine?.(testCtx())).toEqual([
    "site 会社 (abcd1234.user.webaccel.jp), enabled",
  ]);
  await expect((await opened({ domain: "www.example.com" })).examine?.(testCtx())).rejects.toMatchObject({
    code: "cdn-not-found",
  });
  expect(fake.purged()).toEqual([]);
});

test("what answers and is not Web Accelerator is told as such", async () => {
  await using page = await startProvider({
    unauthorised: () => undefined,
    answer: () => ({ status: 200, body: "<html>社内プロキシ</html>" }),
    failure: (status) => ({ status }),
  });
  const purge = (await opened({ apiUrl: page.url })).purge({ key: "run-edge-1", items }, testCtx());
  await expect(purge).rejects.toMatchObject({ kind: "config", code: "cdn-unclear" });
});
