import { expect, test } from "vitest";
import { observe } from "../../src/deploy/observe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { everyFault, type Fault, type Faults, layFaults } from "../doubles/faulty-target.ts";
import { type BucketManner, createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { expectTrueBucket, fillByOtherTool, NEW_RULES, page, RULES, servedSource, visited } from "./try-bucket.ts";
import { NO_CACHE, planFor, seeTarget, tryDelivery } from "./try-delivery.ts";
import { DEAD_OWNER, tryTogether } from "./try-staged.ts";

const BEFORE = {
  "index.html": page("old"),
  "記事/古い.html": page("old"),
  "assets/old.css": "old",
  "headers.txt": "only its headers change",
  "お知らせ.txt": "as do these",
  "keep.svg": "<svg/>",
};
const AFTER = {
  "index.html": page("new"),
  "記事/新しい.html": page("new"),
  "assets/new.css": "new",
  "headers.txt": "only its headers change",
  "お知らせ.txt": "as do these",
  "keep.svg": "<svg/>",
};
const LOST = new SmartsyncError("the connection was lost", { kind: "transient", code: "connection-lost" });

type How = "ordered" | "staged singly" | "staged many";
type Start = (manner: BucketManner) => Promise<MemoryServer>;

/** A bucket that was delivered BEFORE under other rules. */
async function delivered(manner: BucketManner): Promise<MemoryServer> {
  const server = createMemoryServer();
  await tryDelivery(server.openBucket(manner), servedSource(BEFORE, RULES), testCtx(), "run1");
  return server;
}

/** A bucket that another tool filled with BEFORE, and with something of its own. */
async function filled(): Promise<MemoryServer> {
  const server = createMemoryServer();
  fillByOtherTool(server, { ...BEFORE, "theirs.json": "{}" });
  return server;
}

/** Delivers AFTER with these faults; then the process dies and leaves its lock. */
async function deliverWith(faults: Faults, server: MemoryServer, manner: BucketManner, how: How, run: string) {
  const source = servedSource(AFTER, NEW_RULES);
  const stages = how === "staged many" ? "many" : "singly";
  const target = faults.on(server.openBucket(manner, { concurrency: 1 }, stages));
  if (how === "ordered") await tryDelivery(target, source, testCtx(), run).catch(() => undefined);
  else await tryTogether({ web1: target }, source, testCtx(), run);
  server.lock = DEAD_OWNER;
}

/** One plain run makes the bucket what the site is, however it was left; its records were true all the time. */
async function expectConverging(server: MemoryServer, manner: BucketManner, when: string): Promise<void> {
  const theirs = server.files.has("theirs.json") ? { "theirs.json": "{}", ...gone(server) } : {};
  const source = servedSource(AFTER, NEW_RULES);
  await tryDelivery(server.openBucket(manner), source, testCtx(), "run3");
  expect(visited(server), when).toEqual({ ...theirs, ...AFTER });
  for (const path of Object.keys(AFTER)) {
    const { hash } = (await source.scan(testCtx())).snapshot.files.get(relPath(path))?.serving ?? {};
    expect(server.files.get(path)?.serving?.hash, `${when}: ${path}`).toBe(hash);
  }
  await expectTrueBucket(server, when);
  const again = await seeTarget(server.openBucket(manner), source, testCtx());
  expect(again.interrupted, when).toBeNull();
  expect(again.found, when).toEqual({ adopted: 0, drifted: [], isNews: false });
  expect((await planFor(source, again, testCtx())).phases, when).toEqual([]);
  const later = servedSource({ ...AFTER, "later.html": "later" }, NEW_RULES);
  await tryDelivery(server.openBucket(manner), later, testCtx(), "later");
  expect([...server.states.keys()].sort(), when).toEqual(["head.json", "manifest-later.gz"]);
}

/** What another tool put there and the site has no more: nobody delivered it, so nobody deletes it. */
function gone(server: MemoryServer): Record<string, string> {
  const left = Object.entries(visited(server)).filter(([path]) => path in BEFORE && !(path in AFTER));
  return Object.fromEntries(left);
}

const WAYS: readonly (readonly [BucketManner, How, string, Start])[] = [
  ["s3", "ordered", "delivered before", delivered],
  ["gcs", "ordered", "delivered before", delivered],
  ["s3", "ordered", "filled by another tool", filled],
  ["s3", "staged singly", "delivered before", delivered],
  ["gcs", "staged many", "delivered before", delivered],
];

test.each(WAYS)(
  "a bucket like %s, %s, %s: after any failure or kill one plain run converges",
  async (manner, how, _, start) => {
    const rehearsal = layFaults();
    await deliverWith(rehearsal, await start(manner), manner, how, "run2");
    const faults = everyFault(rehearsal.made, LOST);
    expect(faults.length).toBeGreaterThan(30);
    for (const fault of faults) {
      for (const forGood of [false, true]) {
        const when = `${nameOf(fault)}${forGood ? ", for good" : ""}`;
        const server = await start(manner);
        const end: Fault = { ...fault, forGood };
        const laid = layFaults([end]);
        await deliverWith(laid, server, manner, how, "run2");
        expect(laid.fired.has(end), `${when} fired`).toBe(true);
        await expectConverging(server, manner, when);
      }
    }
    console.log(`${how}, like ${manner}: ${faults.length} faults, each also as a kill`);
  },
);

test("a publication that fails is put back, headers too, and nothing of it is taken for published", async () => {
  for (const manner of ["s3", "gcs"] as const) {
    for (const nth of [1, 2, 3, 4, 5, 6, 7]) {
      const server = await delivered(manner);
      const laid = layFaults([{ call: "stage.publish one", nth, when: "after", error: LOST }]);
      await deliverWith(laid, server, manner, "staged singly", "run2");
      expect(laid.fired.size).toBe(1);
      expect(visited(server)).toEqual(BEFORE);
      expect(server.files.get("headers.txt")?.serving?.cacheControl).not.toBe("max-age=60");
      const { interrupted } = await observe(server.openBucket(manner), NO_CACHE, testCtx());
      expect(interrupted).toBeNull();
      await expectConverging(server, manner, `put back after ${nth}`);
    }
  }
});

test("a staged delivery sends nothing of what only gets other headers, and records the etags it is told", async () => {
  const server = await delivered("gcs");
  const laid = layFaults();
  await deliverWith(laid, server, "gcs", "staged singly", "run2");
  // index.html, 新しい.html and new.css are sent; two texts have only their headers changed.
  expect(laid.made.get("stage.put")).toBe(3);
  expect(laid.made.get("stage.publish one")).toBe(7);
  expect(visited(server)).toEqual(AFTER);
  await expectTrueBucket(server);
});

function nameOf({ call, nth, when }: Fault): string {
  return `${call} no. ${nth}, ${when}`;
}
