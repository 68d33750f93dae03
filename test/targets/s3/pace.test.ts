import { expect, test } from "vitest";
import type { S3Exchange } from "../../doubles/s3-fake/exchange.ts";
import { S3Fault } from "../../doubles/s3-fake/fault.ts";
import type { S3Request } from "../../doubles/s3-fake/request.ts";
import { expectDelivered, expectPush, rewrite, siteFor } from "./deliveries.ts";
import { s3Setting, startFake } from "./s3-setting.ts";

/** The most there was in flight among these. */
function most(exchanges: readonly S3Exchange[]): number {
  return Math.max(0, ...exchanges.map(({ inFlight }) => inFlight));
}

test("503 SlowDown slows it down, and afterwards it speeds up again: nothing is lost", {
  timeout: 150_000,
}, async () => {
  const { fake, bucket } = await startFake({ latencyMs: 150 });
  const workspace = siteFor(s3Setting(fake, "site", { connections: 32 }), 1_000);
  // In mid-run, after 200 pages and for 60 more, the store takes 4 at once.
  const isPage = (request: S3Request | undefined) => request !== undefined && /^(news|お知らせ)/.test(request.key);
  let taken = 0;
  fake.trouble = (request) => {
    if (!isPage(request)) return undefined;
    const isTooMuch = taken >= 200 && taken < 260 && (fake.exchanges.at(-1)?.inFlight ?? 0) > 4;
    if (isTooMuch) return new S3Fault(503, "SlowDown", "Please reduce your request rate.");
    taken++;
    return undefined;
  };
  await expectPush(workspace, 0);
  await expectDelivered(workspace, bucket);

  const puts = fake.exchanges.filter(({ request }) => isPage(request) && request?.method === "PUT");
  const first = puts.findIndex(({ code }) => code === "SlowDown");
  const last = puts.findLastIndex(({ code }) => code === "SlowDown");
  expect(first).toBe(200);
  expect(most(puts.slice(0, first))).toBeGreaterThan(24);
  expect(most(puts.slice(last - 5, last))).toBeLessThan(16);
  expect(most(puts.slice(last))).toBeGreaterThan(24);
});

test("a store that takes 60 requests a second gets a whole site, without a failed file", async () => {
  const { fake } = await startFake({ perSecond: 60 });
  const workspace = siteFor(s3Setting(fake, "site"), 300);
  await expectPush(workspace, 0);
  const delivered = fake.buckets
    .get("site")
    ?.keys()
    .filter((key) => !key.startsWith(".smartsync/"));
  expect(delivered).toHaveLength(302);
  const refused = fake.exchanges.filter(({ code }) => code === "SlowDown").length;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(fake.exchanges.length * 0.7);
});

test("429 for keys written twice within a second, as R2 answers, holds up no delivery", async () => {
  const { fake, bucket } = await startFake({ perKeyMs: 1_000 });
  const workspace = siteFor(s3Setting(fake, "site", { preset: "r2", region: "us-east-1" }));
  await expectPush(workspace, 0);
  rewrite(workspace);
  await expectPush(workspace, 0);
  await expectDelivered(workspace, bucket);
});

test("a store that is never ready ends the delivery in its error", { timeout: 150_000 }, async () => {
  const { fake } = await startFake();
  fake.trouble = ({ operation }) =>
    operation === "PutObject" ? new S3Fault(503, "SlowDown", "Please reduce your request rate.") : undefined;
  const { output } = await expectPush(siteFor(s3Setting(fake, "site")), 1);
  expect(output).toContain("the store wants fewer requests");
});

test("no more requests are in flight than the configuration allows, nor than Sakura takes", async () => {
  const few = await startFake({ latencyMs: 100 });
  await expectPush(siteFor(s3Setting(few.fake, "site", { connections: 7 }), 200), 0);
  expect(few.fake.peak).toBeLessThanOrEqual(7);
  const sakura = await startFake({ buckets: { site: "jp-north-1" }, maxInFlight: 100, latencyMs: 300 });
  const setting = s3Setting(sakura.fake, "site", { preset: "sakura", connections: 100 });
  const workspace = siteFor(setting, 0);
  workspace.publish(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`news/${i}.html`, `${i}`])));
  await expectPush(workspace, 0);
  expect(sakura.fake.peak).toBeGreaterThan(50);
  expect(sakura.fake.peak).toBeLessThanOrEqual(100);
  expect(sakura.fake.exchanges.filter(({ status }) => status === 503)).toEqual([]);
});
