import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { Cdn } from "../../src/cdns/cdn.ts";
import { fastlyCdn } from "../../src/cdns/fastly.ts";
import { testCdn } from "../contract/cdn-contract.ts";
import { FASTLY, type FastlyFake, startFastlyFake } from "../doubles/fastly-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { siteItems } from "./site-items.ts";

function open(fake: FastlyFake, given: object = {}): Promise<Cdn> {
  const { serviceId, apiToken } = FASTLY;
  const config = fastlyCdn.schema.parse({ type: "fastly", serviceId, apiToken, apiUrl: fake.url, ...given });
  return fastlyCdn.open(config, { name: "edge", baseDir: "/" });
}

testCdn("fastly", async () => {
  const fake = await startFastlyFake();
  return { open: () => open(fake), items: siteItems, fake, secrets: [FASTLY.apiToken] };
});

let fake: FastlyFake;
beforeEach(async () => {
  fake = await startFastlyFake();
  return () => fake[Symbol.asyncDispose]();
});

async function opened(given: object = {}): Promise<Cdn> {
  const cdn = await open(fake, given);
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  return cdn;
}

const page = { kind: "exact", origin: "https://www.example.jp", path: "/%E4%BC%9A/a%20b.html" } as const;
const key = "run-edge-1";

test("an address is purged by its host and path, keys together, everything at once", async () => {
  const cdn = await opened();
  expect(await cdn.purge({ key, items: [page] }, testCtx())).toEqual({ id: "108-1391560174-1" });
  await cdn.purge(
    {
      key,
      items: [
        { kind: "tag", tag: "a" },
        { kind: "tag", tag: "b" },
      ],
    },
    testCtx(),
  );
  await cdn.purge({ key, items: [{ kind: "everything" }] }, testCtx());
  expect(fake.purged()).toEqual(["www.example.jp/%E4%BC%9A/a%20b.html", "key a", "key b", "everything"]);
});

test("a soft purge is asked for as such", async () => {
  await (await opened({ soft: true })).purge({ key, items: [page] }, testCtx());
  expect(fake.purged()).toEqual(["soft www.example.jp/%E4%BC%9A/a%20b.html"]);
});

test("too many are waited for until Fastly says that there is more again", async () => {
  fake.state.reset = 1_090;
  fake.break("429", 1);
  const slept: number[] = [];
  const clock = { now: () => 1_000_000, sleep: async (ms: number) => void slept.push(ms) };
  await (await opened()).purge({ key, items: [page] }, testCtx({ clock }));
  expect(slept).toEqual([90_000]);
});

test("a token that may not purge is told which scopes it needs", async () => {
  fake.state.denied = true;
  const purge = (await opened()).purge({ key, items: [page] }, testCtx());
  const hint = expect.stringContaining("purge_select");
  await expect(purge).rejects.toMatchObject({ kind: "auth", code: "permission-denied", hint });
});

test("a wrong service is told as such", async () => {
  const purge = (await opened({ serviceId: "other" })).purge({ key, items: [{ kind: "everything" }] }, testCtx());
  const hint = expect.stringContaining("`serviceId`");
  await expect(purge).rejects.toMatchObject({ kind: "not-found", code: "cdn-not-found", hint });
});

test("the service can be looked at without purging it", async () => {
  expect(await (await opened()).examine?.(testCtx())).toEqual(["service corporate"]);
  expect(fake.purged()).toEqual([]);
});
