import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parsePlan } from "../../src/core/parse-plan.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { ServingRules } from "../../src/site/serve-site.ts";
import { type Faults, layFaults } from "../doubles/faulty-target.ts";
import { type BucketManner, createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { expectTrueBucket, fillByOtherTool, NEW_RULES, page, servedSource, visited } from "./try-bucket.ts";
import { planFor, seeTarget, tryDelivery } from "./try-delivery.ts";
import { DEAD_OWNER } from "./try-staged.ts";

const SITE = {
  "index.html": page("ようこそ"),
  "記事/一.html": page("一"),
  "画像/会社.svg": "<svg/>",
  "robots.txt": "User-agent: *",
};
const LOST = new SmartsyncError("the connection was lost", { kind: "conflict", code: "connection-lost" });

/** Delivers, and gives the plan and how often each call was made. */
async function push(server: MemoryServer, manner: BucketManner, source = servedSource(SITE), faults?: Faults) {
  const laid = faults ?? layFaults();
  const ctx = testCtx();
  const run = `run${server.version}-${server.states.size}`;
  const plan = await tryDelivery(laid.on(server.openBucket(manner, { concurrency: 1 })), source, ctx, run);
  const changes = plan.phases.flatMap((phase) => phase.changes);
  const reasons = changes.map((change) =>
    change.kind === "put" ? `${change.reason} ${change.file.path}` : change.path,
  );
  return { plan, changes, reasons, made: Object.fromEntries(laid.made), events: ctx.events };
}

describe.each<BucketManner>(["s3", "gcs"])("a bucket like %s", (manner) => {
  test("is given every file with its headers, compressed by rule, and is unchanged for the next run", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    expect(visited(server)).toEqual(SITE);
    expect(server.files.get("index.html")?.serving).toMatchObject({ contentEncoding: "gzip" });
    await expectTrueBucket(server);
    const { reasons, made } = await push(server, manner);
    expect(reasons).toEqual([]);
    // No request for a single object, and nothing written.
    expect(Object.keys(made).sort()).toEqual(["state.read", "survey"]);
  });

  test("that can't redirect is planned with a warning, once there is a rule that would", async () => {
    const server = createMemoryServer();
    const bucket = server.openBucket(manner, { redirects: false });
    const warningsOf = async (rules: ServingRules) => {
      const ctx = testCtx();
      await seeTarget(bucket, servedSource(SITE, rules), ctx);
      return ctx.events.filter(({ type }) => type === "warning");
    };
    expect(await warningsOf(NEW_RULES)).toEqual([]);
    const headers = [...NEW_RULES.headers, { match: ["robots.txt"], redirect: "/" }];
    expect(await warningsOf({ ...NEW_RULES, headers })).toMatchObject([{ code: "redirect-ignored" }]);
  });

  test("has only headers changed by a change of rules, without sending a byte", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    const { plan, reasons, made, events } = await push(server, manner, servedSource(SITE, NEW_RULES));
    expect(reasons).toEqual(["headers robots.txt"]);
    expect(plan.totals).toMatchObject({ puts: 1, putBytes: 0, unchanged: 3 });
    expect(made).toMatchObject({ serveAs: 1 });
    expect(made.put).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "file-put", path: "robots.txt", headersOnly: true }));
    expect(server.files.get("robots.txt")?.serving?.cacheControl).toBe("max-age=60");
    await expectTrueBucket(server);
    expect((await push(server, manner, servedSource(SITE, NEW_RULES))).reasons).toEqual([]);
  });

  test("is sent the file after all when the object is another one by the time its headers are to change", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    const target = server.openBucket(manner);
    const slow = { ...target, serveAs: async () => undefined };
    const ctx = testCtx();
    await tryDelivery(slow, servedSource(SITE, NEW_RULES), ctx, "run2");
    expect(ctx.events).toContainEqual(expect.objectContaining({ type: "file-put", path: "robots.txt", size: 13 }));
    expect(server.files.get("robots.txt")?.serving?.cacheControl).toBe("max-age=60");
    await expectTrueBucket(server);
  });

  test("that another tool filled is adopted: what is equal is not sent, what is not the site's is left alone", async () => {
    const server = createMemoryServer();
    fillByOtherTool(server, { ...SITE, "robots.txt": "別の内容", "theirs/data.json": "{}" });
    const plain = servedSource(SITE, { headers: [], cleanUrls: "none" });
    const { reasons, made, events } = await push(server, manner, plain);
    expect(reasons.sort()).toEqual([
      "content robots.txt",
      "headers index.html",
      "headers 画像/会社.svg",
      "headers 記事/一.html",
    ]);
    expect(made).toMatchObject({ put: 1, serveAs: 3 });
    expect(events).toContainEqual(expect.objectContaining({ type: "observed", first: true, adopted: 3, drifted: 0 }));
    expect(visited(server)).toEqual({ ...SITE, "theirs/data.json": "{}" });
    await expectTrueBucket(server);
    expect((await push(server, manner, plain)).reasons).toEqual([]);
    // Neither delivered nor part of the site: also not deleted by a later delivery.
    await push(server, manner, servedSource({ "index.html": "neu" }));
    expect(Object.keys(visited(server)).sort()).toEqual(["index.html", "theirs/data.json"]);
  });

  test("is made what the site is where somebody else changed or removed something, and that is told", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    fillByOtherTool(server, { "robots.txt": "Disallow: /" });
    server.files.delete("画像/会社.svg");
    const { reasons, events } = await push(server, manner);
    expect(reasons.sort()).toEqual(["content robots.txt", "new 画像/会社.svg"]);
    expect(visited(server)).toEqual(SITE);
    const told = events.find((event) => event.type === "warning" && event.code === "target-drifted");
    expect(told).toMatchObject({ message: expect.stringContaining("/robots.txt, /画像/会社.svg") });
    await expectTrueBucket(server);
    expect((await push(server, manner)).events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  test("that told wrong etags, or none, is known all the same, and its records are mended", async () => {
    for (const said of [{ etag: "wrong" }, {}]) {
      const server = createMemoryServer();
      const target = server.openBucket(manner);
      const put: typeof target.put = async (...file) => {
        await target.put(...file);
        return said;
      };
      await tryDelivery({ ...target, put }, servedSource(SITE), testCtx(), "run1");
      const { reasons, made, events } = await push(server, manner);
      expect(reasons).toEqual([]);
      expect(made["state.write"]).toBeGreaterThan(0);
      expect(events.filter(({ type }) => type === "warning")).toEqual([]);
      await expectTrueBucket(server);
      expect((await push(server, manner)).made["state.write"]).toBeUndefined();
    }
  });

  test("whose listing fails is not taken for empty: nothing is written", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    const before = [new Map(server.files), new Map(server.states)];
    const faults = layFaults([{ call: "survey", nth: 1, when: "before", error: LOST }]);
    await expect(push(server, manner, servedSource({ "index.html": "neu" }), faults)).rejects.toBe(LOST);
    expect([server.files, server.states]).toEqual(before);
  });

  test("whose head can't be read is not taken for new, however its listing looks", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    const faults = layFaults([{ call: "state.read", nth: 1, when: "before", error: LOST }]);
    await expect(push(server, manner, servedSource({ "index.html": "neu" }), faults)).rejects.toBe(LOST);
    expect(visited(server)).toEqual(SITE);
  });

  test("after a killed delivery is sent only what is missing; headers of what arrived are known too", async () => {
    const server = createMemoryServer();
    // Killed before any progress was noted: the third put is the last thing that happened.
    const dead = layFaults([{ call: "put", nth: 4, when: "before", error: LOST, forGood: true }]);
    await expect(push(server, manner, servedSource(SITE), dead)).rejects.toBe(LOST);
    server.lock = DEAD_OWNER;
    expect(server.files.size).toBe(3);
    const { made } = await push(server, manner);
    expect(made.put).toBe(1);
    expect(made.serveAs).toBeUndefined();
    expect(visited(server)).toEqual(SITE);
    await expectTrueBucket(server);
    expect((await push(server, manner)).reasons).toEqual([]);
  });

  test("whose records were lost is sent nothing, and has records again", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    server.states.clear();
    const { made, reasons } = await push(server, manner);
    expect(made.put).toBeUndefined();
    // S3 tells of plain objects only their MD5, so that their headers are set anew.
    expect(reasons.sort()).toEqual(manner === "gcs" ? [] : ["headers robots.txt", "headers 画像/会社.svg"]);
    expect(server.states.has("head.json")).toBe(true);
    await expectTrueBucket(server);
    expect((await push(server, manner)).made["state.write"]).toBeUndefined();
  });

  test("has a plan that can be stored with its headers and etags", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    const source = servedSource({ ...SITE, "新しい.html": page("新しい") }, NEW_RULES);
    const plan = await planFor(source, await seeTarget(server.openBucket(manner), source, testCtx()), testCtx());
    const puts = plan.phases.flatMap(({ changes }) => changes).map((change) => change.kind === "put" && change);
    expect(puts).toMatchObject([
      {
        reason: "headers",
        heldEtag: server.files.get("robots.txt")?.etag,
        file: { serving: { cacheControl: "max-age=60" } },
      },
      { reason: "new", file: { serving: { compress: "gzip" } } },
    ]);
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  test("is in another state when somebody else changed it, so that a stored plan is not carried out", async () => {
    const server = createMemoryServer();
    await push(server, manner);
    const stateOf = async () =>
      (await seeTarget(server.openBucket(manner), servedSource(SITE), testCtx())).snapshot.state;
    const state = await stateOf();
    expect(await stateOf()).toBe(state);
    fillByOtherTool(server, { "robots.txt": "Disallow: /" });
    const changed = await stateOf();
    expect(changed).not.toBe(state);
    fillByOtherTool(server, { "robots.txt": "Disallow: /secret" });
    expect(await stateOf()).not.toBe(changed);
  });
});

test("an object that was sent in parts is known by the MD5s of parts of a usual size", async () => {
  const server = createMemoryServer();
  const part = "会".repeat((5 << 20) / 3);
  const text = `${part}${"社".repeat(5 << 20)}`;
  const content = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += 8 << 20) {
    parts.push(
      createHash("md5")
        .update(content.subarray(at, at + (8 << 20)))
        .digest(),
    );
  }
  const etag = `${createHash("md5").update(Buffer.concat(parts)).digest("hex")}-${parts.length}`;
  server.files.set("大きい.bin", { content, mtimeMs: 0, mode: 0o644, etag });
  const source = servedSource({ "大きい.bin": text });
  const { reasons, made } = await push(server, "s3", source);
  expect(parts.length).toBeGreaterThan(2);
  expect(reasons).toEqual(["headers 大きい.bin"]);
  expect(made).toMatchObject({ serveAs: 1 });
  expect(made.describe).toBeUndefined();
  // Of parts of whatever size: asked once, then sent.
  server.files.set("大きい.bin", { content, mtimeMs: 0, mode: 0o644, etag: `${etag.slice(1, 33)}0-2`.slice(-34) });
  const again = await push(server, "s3", source);
  expect(again.reasons).toEqual(["content 大きい.bin"]);
  expect(again.made).toMatchObject({ describe: 1, put: 1 });
});

test("a file that changed since the scan is not taken for what lies in the bucket", async () => {
  const server = createMemoryServer();
  fillByOtherTool(server, { "index.html": "new" });
  const source = servedSource({ "index.html": "old" }, { headers: [], cleanUrls: "none" });
  const moved = servedSource({ "index.html": "new" }, { headers: [], cleanUrls: "none" });
  const { snapshot } = await seeTarget(server.openBucket("s3"), { ...source, open: moved.open }, testCtx());
  expect(snapshot.files.get(relPath("index.html"))?.sha256).toBeNull();
});
