import { expect, test } from "vitest";
import { observe } from "../../src/deploy/observe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { everyFault, type Fault, type Faults, layFaults } from "../doubles/faulty-target.ts";
import { createMemorySource, type MemorySource } from "../doubles/memory-source.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE, planFor, served, tryDelivery } from "./try-delivery.ts";
import { DEAD_OWNER } from "./try-staged.ts";

const BEFORE = {
  "index.html": "old",
  "記事/古い.html": "old",
  "assets/old.css": "old",
  "keep.txt": "same",
  swap: "file",
};
const AFTER = {
  "index.html": "new",
  "記事/新しい.html": "new",
  "assets/new.css": "new",
  "keep.txt": "same",
  "swap/page.html": "below a name that was a file",
};
const DELETED = ["記事/古い.html", "assets/old.css", "swap"];

const LOST = new SmartsyncError("the connection was lost", { kind: "transient", code: "connection-lost" });

/** A server that was delivered BEFORE, and a source that has become AFTER. */
async function stage(): Promise<{ server: MemoryServer; source: MemorySource }> {
  const server = createMemoryServer();
  await tryDelivery(server.open(), createMemorySource(BEFORE), testCtx(), "run1");
  return { server, source: createMemorySource(AFTER) };
}

/** Delivers with faults and then dies, leaving its lock behind as a killed process does; gives whether it failed. */
async function deliverWith(faults: Faults, server: MemoryServer, source: MemorySource, run: string): Promise<boolean> {
  const failed = await tryDelivery(faults.on(server.open({ concurrency: 1 })), source, testCtx(), run).then(
    () => false,
    () => true,
  );
  server.lock = DEAD_OWNER;
  return failed;
}

async function expectConverged(server: MemoryServer, source: MemorySource): Promise<void> {
  expect(served(server)).toEqual(AFTER);
  const observed = await observe(server.open(), NO_CACHE, testCtx());
  expect(observed.interrupted).toBeNull();
  expect((await planFor(source, observed, testCtx())).phases).toEqual([]);
  // Records of the dead may outlive them, but not the next delivery.
  source.files.set("later.html", "later");
  await tryDelivery(server.open(), source, testCtx(), "later");
  expect([...server.states.keys()].sort()).toEqual(["head.json", "manifest-later.gz"]);
}

test("every call of a delivery failing in turn: no deletion after a failed put, and a plain run converges", async () => {
  const rehearsal = await stage();
  const count = layFaults();
  await tryDelivery(count.on(rehearsal.server.open({ concurrency: 1 })), rehearsal.source, testCtx(), "run2");
  const faults = everyFault(count.made, LOST);
  expect(faults.length).toBeGreaterThan(40);

  for (const fault of faults) {
    const { server, source } = await stage();
    const laid = layFaults([fault]);
    const failed = await deliverWith(laid, server, source, "run2");
    expect(laid.fired.has(fault), `${nameOf(fault)} fired`).toBe(true);
    // The fourth put takes the name of a file, so that it can only follow the deletions.
    if (fault.call === "put" && fault.nth < 4) {
      expect(failed).toBe(true);
      expect(Object.keys(served(server)), nameOf(fault)).toEqual(expect.arrayContaining(DELETED));
    }
    await tryDelivery(server.open(), source, testCtx(), "run3");
    await expectConverged(server, source);
  }
  console.log(`${faults.length} faults fired, each made good by one plain run`);
});

test("every call of the recovery failing in turn as well: the run after that converges", async () => {
  const crash: Fault = { call: "put", nth: 3, when: "after", error: LOST };
  const rehearsal = await stage();
  await deliverWith(layFaults([crash]), rehearsal.server, rehearsal.source, "run2");
  const count = layFaults();
  await tryDelivery(count.on(rehearsal.server.open({ concurrency: 1 })), rehearsal.source, testCtx(), "run3");
  const faults = everyFault(count.made, LOST);
  expect(faults.length).toBeGreaterThan(40);

  for (const fault of faults) {
    const { server, source } = await stage();
    await deliverWith(layFaults([crash]), server, source, "run2");
    const laid = layFaults([fault]);
    await deliverWith(laid, server, source, "run3");
    expect(laid.fired.has(fault), `${nameOf(fault)} fired`).toBe(true);
    await tryDelivery(server.open(), source, testCtx(), "run4");
    await expectConverged(server, source);
  }
  console.log(`${faults.length} faults fired in a recovery, each made good by one plain run`);
});

test("a source that goes back to what it was, while a delivery lies half done, is delivered as it is", async () => {
  for (const nth of [1, 2, 3, 4]) {
    const { server, source } = await stage();
    await deliverWith(layFaults([{ call: "put", nth, when: "after", error: LOST }]), server, source, "run2");
    const back = createMemorySource(BEFORE);
    await tryDelivery(server.open(), back, testCtx(), "run3");
    expect(served(server)).toEqual(BEFORE);
  }
});

function nameOf({ call, nth, when }: Fault): string {
  return `${call} no. ${nth}, ${when}`;
}
