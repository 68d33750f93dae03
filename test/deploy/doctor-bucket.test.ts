import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type Check, tryOut } from "../../src/deploy/check.ts";
import { stepsFor } from "../../src/deploy/doctor-steps.ts";
import { createProbe, removeProbe } from "../../src/deploy/probe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { objectTarget } from "../../src/targets/objects/object-target.ts";
import {
  createMemoryBucket,
  type MemoryBucket,
  type MemoryCall,
  type MemoryStoreSettings,
} from "../doubles/memory-object-store.ts";
import { testCtx } from "../doubles/test-ctx.ts";

/** What doctor finds of a bucket: everything until the first check that fails. */
async function examine(bucket: MemoryBucket, settings: MemoryStoreSettings = {}, url?: string): Promise<Check[]> {
  const store = bucket.open(settings);
  const ctx = testCtx();
  await using target = objectTarget({ name: "bucket", store, prefix: "", state: { store, prefix: ".smartsync/" } });
  const probe = createProbe();
  const checks: Check[] = [];
  for (const [name, work] of stepsFor(target, probe, url, ctx)) {
    const check = await tryOut(name, work);
    checks.push(check);
    if (check.outcome === "failed") break;
  }
  await removeProbe(target, probe, ctx);
  return checks;
}

/** A policy that does not allow this, as a store answers then. */
function forbid(bucket: MemoryBucket, call: MemoryCall, action: string): void {
  bucket.before = (made) => {
    if (made !== call) return;
    const message = `could not reach s3://www-example: the policy does not allow ${action}`;
    throw new SmartsyncError(message, { kind: "auth", code: "permission-denied", hint: `allow ${action}` });
  };
}

test("a good bucket has every check, and nothing is left of them", async () => {
  const bucket = createMemoryBucket();
  const checks = await examine(bucket);
  expect(checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  const found = new Map(checks.map(({ name, detail }) => [name, detail]));
  expect(found.get("rights, lock")).toBe("lock by conditional create");
  expect(found.get("stage")).toBe("laid beside the site, published, put back");
  expect(found.get("delete")).toBe("files are removed");
  expect([...bucket.objects.keys()]).toEqual([]);
  expect(bucket.held.size).toBe(0);
});

test("how the lock is taken is told where there are no conditional writes", async () => {
  const checks = await examine(createMemoryBucket(), { conditions: "no" });
  const lock = checks.find(({ name }) => name === "rights, lock");
  expect(lock?.detail).toMatch(/^lock by writing and reading back: /);
});

test.each([
  ["remove", "s3:DeleteObject", "delete"],
  ["list", "s3:ListBucket", "list"],
  ["put", "s3:PutObject", "state folder"],
  ["copy", "s3:GetObject", "stage"],
] as const)("a policy that forbids to %s is told with the permission that is missing: %s", async (call, action, at) => {
  const bucket = createMemoryBucket();
  forbid(bucket, call, action);
  const last = (await examine(bucket)).at(-1);
  expect(last).toMatchObject({ name: at, outcome: "failed", code: "permission-denied" });
  expect(last?.detail).toContain(action);
});

test("records that visitors can read are told, with what to do in a bucket", async () => {
  const bucket = createMemoryBucket();
  const web = createServer((request, response) => {
    const found = bucket.objects.get(decodeURIComponent((request.url ?? "").slice(1)));
    response.writeHead(found ? 200 : 404).end(found?.content);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void web.close());
  await once(web, "listening");
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
  const last = (await examine(bucket, {}, url)).at(-1);
  expect(last).toMatchObject({ name: "state hidden", outcome: "failed", code: "state-visible" });
  expect(last?.hint).toContain("stateBucket");
});
