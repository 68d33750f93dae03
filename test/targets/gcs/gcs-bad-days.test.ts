import { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { noTokens } from "../../../src/cloud/access-tokens.ts";
import { createGcsStore } from "../../../src/targets/gcs/gcs-store.ts";
import { createGcsWire } from "../../../src/targets/gcs/gcs-wire.ts";
import { createStorageTokens } from "../../../src/targets/gcs/storage-tokens.ts";
import { attributesOf, textOf } from "../../contract/object-store/objects.ts";
import { GcsFault } from "../../doubles/gcs-fake/fault.ts";
import type { GcsFakeOptions, Trouble } from "../../doubles/gcs-fake/gcs-fake.ts";
import { bodyOf, bytes } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { BUCKET, startFakeBucket } from "./fake-bucket.ts";

const ctx = testCtx();
const MB = 1 << 20;

async function start(options: GcsFakeOptions = {}) {
  const server = await startFakeBucket(options);
  onTestFinished(() => server.stop());
  const store = await server.open();
  onTestFinished(() => store[Symbol.asyncDispose]());
  server.fake.log.length = 0;
  return { ...server, store };
}

/** What the requests of an upload meet, one after the other. */
function inTurn(...troubles: readonly Trouble[]) {
  const left = [...troubles];
  return (request: { operation: string }) => (request.operation === "chunk" ? left.shift() : undefined);
}

test("a token that expires in mid-run is renewed, once for all requests under way", async () => {
  const { fake, store } = await start();
  await store.put("a.html", bytes(10), attributesOf(), ctx);
  const before = fake.tokens.issued();
  fake.tokens.revokeAll();
  await Promise.all(Array.from({ length: 20 }, (_, i) => store.put(`${i}.html`, bytes(10), attributesOf(), ctx)));
  expect(fake.tokens.issued() - before).toBe(1);
  expect(fake.buckets.get(BUCKET)?.size).toBe(21);
});

test("a workload identity that is no longer trusted is said to be so, with Google's words", async () => {
  const { fake, store } = await start();
  for (const [error_description, code] of [
    ["The subject token is expired.", "credentials-expired"],
    ["Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.", "clock-skew"],
    ["The audience in the token does not match.", "credentials-wrong"],
  ] as const) {
    fake.tokens.revokeAll();
    fake.tokens.refusal = { error: "invalid_grant", error_description };
    const failed = store.put("a.html", bytes(10), attributesOf(), ctx);
    await expect(failed).rejects.toMatchObject({
      kind: "auth",
      code,
      message: expect.stringContaining(error_description),
    });
  }
});

test("a bucket that vanishes is never taken for objects that are not there", async () => {
  const { fake, store } = await start();
  await store.put("a.html", bytes(10), attributesOf(), ctx);
  const held = await store.hold("b.html", ".beside/b", bytes(10), attributesOf(), ctx);
  fake.buckets.delete(BUCKET);
  const calls = {
    list: () => Array.fromAsync(store.list({ prefix: "" }, ctx)),
    get: () => store.get("a.html", ctx),
    head: () => store.head("a.html", ctx),
    put: () => store.put("a.html", bytes(10), attributesOf(), ctx),
    putLarge: () => store.putLarge("a.html", bodyOf(bytes(20 * MB))(), attributesOf(), ctx),
    copy: () => store.copy("a.html", "b.html", {}, ctx),
    remove: () => store.remove(["a.html"], ctx),
    commit: () => held.commit(ctx),
  };
  for (const [name, call] of Object.entries(calls)) {
    await expect(call(), name).rejects.toMatchObject({ kind: "config", code: "bucket-missing" });
  }
});

test("a permission that is missing is named, with the role that holds it", async () => {
  const { fake, store } = await start();
  await store.put("a.html", bytes(10), attributesOf(), ctx);
  fake.denied.add("storage.objects.delete");
  await expect(store.remove(["a.html"], ctx)).rejects.toMatchObject({
    kind: "auth",
    code: "permission-denied",
    message: expect.stringContaining("storage.objects.delete"),
    hint: expect.stringContaining("roles/storage.objectUser"),
  });
  await expect(store.put("a.html", bytes(11), attributesOf(), ctx)).rejects.toMatchObject({
    code: "permission-denied",
  });
  fake.denied.add("storage.objects.list");
  await expect(Array.fromAsync(store.list({ prefix: "" }, ctx))).rejects.toMatchObject({ code: "permission-denied" });
  await expect(store.examine?.("x", ctx)).rejects.toMatchObject({
    code: "permission-denied",
    message: expect.stringMatching(/storage\.objects\.delete, storage\.objects\.list$/),
  });
});

test("when some objects can't be deleted the others are, and the failure says how many", async () => {
  const { fake, store } = await start();
  const keys = Array.from({ length: 200 }, (_, i) => `記事/${i}.html`);
  for (const key of keys) await store.put(key, bytes(10), attributesOf(), ctx);
  const onHold = ["記事/0.html", "記事/50.html", "記事/100.html", "記事/150.html"];
  const why = "Object is under active Temporary hold and cannot be deleted.";
  fake.trouble = ({ key }) => (onHold.includes(key) ? new GcsFault(403, "forbidden", why) : undefined);
  const done: string[] = [];
  await expect(store.remove(keys, ctx, (key) => done.push(key))).rejects.toMatchObject({
    code: "permission-denied",
    message: expect.stringContaining("and 3 more could not be deleted"),
    hint: expect.stringContaining("hold"),
  });
  expect(done).toHaveLength(196);
  expect([...(fake.buckets.get(BUCKET)?.keys() ?? [])]).toEqual(onHold);
});

test("what was taken away, or written anew, while it was held can't be published", async () => {
  const { fake, store } = await start();
  await store.put("a.html", Buffer.from("古い"), attributesOf(), ctx);
  const gone = await store.hold("a.html", ".beside/a", bytes(10), attributesOf(), ctx);
  fake.buckets.get(BUCKET)?.delete(".beside/a");
  const other = await store.hold("a.html", ".beside/b", bytes(10), attributesOf(), ctx);
  await store.put(".beside/b", bytes(20), {}, ctx);
  for (const held of [gone, other]) {
    await expect(held.commit(ctx)).rejects.toMatchObject({ kind: "conflict", code: "upload-gone" });
  }
  expect(await textOf(store, "a.html", ctx)).toBe("古い");
});

test("too many requests are to be slowed down, and a server's own failures to be tried again", async () => {
  const { fake, store } = await start();
  for (const [status, reason, code] of [
    [429, "rateLimitExceeded", "slow-down"],
    [503, "backendError", "slow-down"],
    [403, "userRateLimitExceeded", "slow-down"],
    [500, "internalError", "server-error"],
    [502, "", "server-error"],
    [408, "uploadBrokenConnection", "server-error"],
  ] as const) {
    fake.trouble = () => new GcsFault(status, reason, "try again");
    const failed = store.put("a.html", bytes(10), attributesOf(), ctx);
    await expect(failed, `${status}`).rejects.toMatchObject({ kind: "transient", code });
  }
  fake.trouble = () => "drop";
  const dropped = store.put("a.html", bytes(10), attributesOf(), ctx);
  await expect(dropped).rejects.toMatchObject({ kind: "transient", code: "connection-lost" });
});

test("an object that was written within the last second is waited for, and others are not", async () => {
  const { fake, store } = await start({ oneWritePerSecond: true });
  await store.put("head.json", Buffer.from("一"), {}, ctx);
  await store.put("head.json", Buffer.from("二"), {}, ctx);
  expect(await textOf(store, "head.json", ctx)).toBe("二");
  const stop = new AbortController();
  const stopped = store.put("head.json", Buffer.from("三"), {}, testCtx({ signal: stop.signal }));
  setTimeout(() => stop.abort(), 100);
  await expect(stopped).rejects.toMatchObject({ kind: "aborted" });
  const busy = "The object head.json exceeded the rate limit for object mutation operations.";
  fake.trouble = () => new GcsFault(429, "rateLimitExceeded", busy);
  const failed = store.put("head.json", bytes(10), {}, ctx);
  await expect(failed).rejects.toMatchObject({ kind: "transient", code: "slow-down" });
});

test("a chunk that fails is sent again from where the service has it, and the film arrives whole", async () => {
  const { fake, store } = await start();
  const film = bytes(40 * MB + 5, 3);
  fake.trouble = inTurn(
    "drop",
    undefined,
    "lose",
    "drop",
    undefined,
    undefined,
    "lose",
    undefined,
    new GcsFault(503, "", "later"),
  );
  await store.putLarge("映画.mp4", bodyOf(film)(), attributesOf(), ctx);
  const found = await store.get("映画.mp4", ctx);
  expect(Buffer.compare(Buffer.from(found?.content ?? []), film)).toBe(0);
  expect(fake.log.filter(({ headers }) => /^bytes \*/.test(headers["content-range"] ?? "")).length).toBeGreaterThan(2);
  expect(fake.uploads()).toEqual([]);
});

test("an upload that the service forgot fails so that it is begun anew, and nothing of it is seen", async () => {
  const { fake, store } = await start();
  fake.trouble = inTurn(new GcsFault(410, "gone", "the upload is gone"));
  const failed = store.putLarge("a.mp4", bodyOf(bytes(20 * MB))(), attributesOf(), ctx);
  await expect(failed).rejects.toMatchObject({ kind: "transient", code: "server-error" });
  expect(await store.head("a.mp4", ctx)).toBeUndefined();
});

test("a large copy takes several requests, and its commit after a lost answer is made again", async () => {
  const { fake, store } = await start({ rewriteBytes: 4 * MB });
  const film = bytes(19 * MB);
  const held = await store.hold("a.mp4", ".beside/a", Readable.from([film]), attributesOf(), ctx);
  fake.trouble = ({ operation }) => (operation === "delete" ? "lose" : undefined);
  // A delete may be asked for twice, and is, as soon as a kept connection breaks.
  const first = await held.commit(ctx);
  fake.trouble = () => undefined;
  const { etag } = await held.commit(ctx);
  expect(etag).toBe(first.etag);
  expect(await store.head("a.mp4", ctx)).toMatchObject({ etag, size: film.length });
  expect(fake.log.filter(({ operation }) => operation === "rewrite")).toHaveLength(5);
  expect([...(fake.buckets.get(BUCKET)?.keys() ?? [])]).toEqual(["a.mp4"]);
});

test("a commit whose copy was made and not told is made again", async () => {
  const { fake, store } = await start();
  const held = await store.hold("a.html", ".beside/a", Buffer.from("新しい"), attributesOf(), ctx);
  fake.trouble = ({ operation }) => (operation === "rewrite" ? "lose" : undefined);
  await expect(held.commit(ctx)).rejects.toMatchObject({ kind: "transient" });
  fake.trouble = () => undefined;
  await held.commit(ctx);
  expect(await textOf(store, "a.html", ctx)).toBe("新しい");
});

test("a service that nobody runs, or whose name nobody knows, is said to be that", async () => {
  const { fake } = await start();
  await fake.stop();
  const gone = createGcsWire({ endpoint: fake.endpoint, tokens: noTokens, connections: 1 });
  const store = createGcsStore({ bucket: BUCKET, wire: gone }, { connections: 1, isGoogles: false });
  await expect(store.head("a.html", ctx)).rejects.toMatchObject({ kind: "transient", code: "connect-failed" });
});

test("no credentials anywhere: the three ways to have some are told", async () => {
  const { METADATA_SERVER_DETECTION, HOME, GOOGLE_APPLICATION_CREDENTIALS } = process.env;
  onTestFinished(() => {
    restore({ METADATA_SERVER_DETECTION, HOME, GOOGLE_APPLICATION_CREDENTIALS });
  });
  restore({ METADATA_SERVER_DETECTION: "none", HOME: "/nonexistent", GOOGLE_APPLICATION_CREDENTIALS: undefined });
  const tokens = await createStorageTokens(undefined);
  await expect(tokens.get(ctx)).rejects.toMatchObject({
    kind: "auth",
    code: "credentials-missing",
    hint: expect.stringMatching(/keyFile.*GOOGLE_APPLICATION_CREDENTIALS.*gcloud auth application-default login/),
  });
});

test("a key file that is not there is named as such", async () => {
  const tokens = await createStorageTokens("/nonexistent/鍵.json");
  await expect(tokens.get(ctx)).rejects.toMatchObject({ kind: "config", code: "credentials-missing" });
});

test("the metadata server of a machine in Google's cloud gives tokens, and so does an identity in the environment", async () => {
  const { fake, keyFile } = await start();
  const { METADATA_SERVER_DETECTION, HOME, GCE_METADATA_HOST, GOOGLE_APPLICATION_CREDENTIALS } = process.env;
  onTestFinished(() => {
    restore({ METADATA_SERVER_DETECTION, HOME, GCE_METADATA_HOST, GOOGLE_APPLICATION_CREDENTIALS });
  });
  restore({
    METADATA_SERVER_DETECTION: "assume-present",
    HOME: "/nonexistent",
    GCE_METADATA_HOST: new URL(fake.endpoint).host,
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
  });
  const ofMachine = await (await createStorageTokens(undefined)).get(ctx);
  expect(fake.tokens.isValid(ofMachine ?? "")).toBe(true);
  restore({ METADATA_SERVER_DETECTION: "none", GOOGLE_APPLICATION_CREDENTIALS: keyFile });
  const ofWorkload = await (await createStorageTokens(undefined)).get(ctx);
  expect(fake.tokens.isValid(ofWorkload ?? "")).toBe(true);
});

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
