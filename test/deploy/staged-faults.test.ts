import { expect, test } from "vitest";
import { observe } from "../../src/deploy/observe.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { type Call, everyFault, type Fault, layFaults } from "../doubles/faulty-target.ts";
import { createMemorySource } from "../doubles/memory-source.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE, planFor, served, tryDelivery } from "./try-delivery.ts";
import { DEAD_OWNER, expectTrueRecords, tryTogether } from "./try-staged.ts";

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
const LOST = new SmartsyncError("the connection was lost", { kind: "transient", code: "connection-lost" });

type Stages = "singly" | "many";

/** Two servers that hold BEFORE. */
async function pair(): Promise<MemoryServer[]> {
  const servers = [createMemoryServer(), createMemoryServer()];
  for (const server of servers) await tryDelivery(server.open(), createMemorySource(BEFORE), testCtx(), "run1");
  return servers;
}

/** Delivers AFTER to all of them as one with these faults; then the process dies and leaves its locks. */
async function deliverWith(faults: readonly Fault[], servers: readonly MemoryServer[], stages: Stages, run = "run2") {
  const laid = layFaults(faults);
  const targets = servers.map((server, at) => [`web${at + 1}`, laid.on(server.open({ concurrency: 1 }, stages))]);
  const failures = await tryTogether(Object.fromEntries(targets), createMemorySource(AFTER), testCtx(), run);
  for (const server of servers) server.lock = DEAD_OWNER;
  return { laid, failures };
}

/** The calls that happen when all goes well, and when publishing fails. */
async function rehearse(stages: Stages, faults: readonly Fault[] = []): Promise<ReadonlyMap<Call, number>> {
  return (await deliverWith(faults, await pair(), stages)).laid.made;
}

async function expectConverging(servers: readonly MemoryServer[], when: string): Promise<void> {
  for (const server of servers) {
    await expectTrueRecords(server, when);
    await tryTogether({ web1: server.open() }, createMemorySource(AFTER), testCtx(), "run3");
    expect(served(server), when).toEqual(AFTER);
    const observed = await observe(server.open(), NO_CACHE, testCtx());
    expect(observed.interrupted, when).toBeNull();
    const source = createMemorySource({ ...AFTER, "later.html": "later" });
    expect((await planFor(source, observed, testCtx())).totals.puts, when).toBe(1);
    // Whatever the dead left behind does not outlive the next delivery.
    await tryTogether({ web1: server.open() }, source, testCtx(), "later");
    expect([...server.states.keys()].sort(), when).toEqual(["head.json", "manifest-later.gz"]);
    expect(server.staged.size + server.kept.size, when).toBe(0);
  }
}

test.each<Stages>(["singly", "many"])(
  "every call failing in turn, staged %s: both targets are old or both new, and a plain run converges",
  async (stages) => {
    const faults = everyFault(await rehearse(stages), LOST);
    expect(faults.length).toBeGreaterThan(60);
    const seen = { old: 0, new: 0 };
    for (const fault of faults) {
      const when = nameOf(fault);
      const servers = await pair();
      const { laid, failures } = await deliverWith([fault], servers, stages);
      expect(laid.fired.has(fault), `${when} fired`).toBe(true);
      const sites = servers.map(served);
      expect(sites[0], when).toEqual(sites[1]);
      const isOld = sites[0]?.["index.html"] === "old";
      expect(sites[0], when).toEqual(isOld ? BEFORE : AFTER);
      // Nothing is told as delivered that is not.
      if (isOld) expect([...failures.keys()].sort(), when).toEqual(["web1", "web2"]);
      seen[isOld ? "old" : "new"]++;
      await expectConverging(servers, when);
    }
    expect(Math.min(seen.old, seen.new)).toBeGreaterThan(5);
    console.log(`${faults.length} faults fired: the site stayed old ${seen.old} times, was new ${seen.new} times`);
  },
);

test("every call of putting back failing in turn: the records stay true, and a plain run converges", async () => {
  const crash: Fault = { call: "stage.publish one", nth: 5, when: "after", error: LOST };
  const before = await rehearse("singly");
  const made = await rehearse("singly", [crash]);
  const calls: Call[] = ["stage.revert", "state.readLock", "state.write", "state.remove"];
  const faults = everyFault(new Map(calls.map((call) => [call, made.get(call) ?? 0])), LOST);
  expect(made.get("stage.revert")).toBe(2);
  expect(before.get("stage.revert")).toBeUndefined();
  for (const fault of faults) {
    const when = `${nameOf(fault)}, after a publication that failed`;
    const servers = await pair();
    const { laid } = await deliverWith([crash, fault], servers, "singly");
    expect(laid.fired.has(fault), `${when} fired`).toBe(true);
    await expectConverging(servers, when);
  }
  console.log(`${faults.length} faults fired while a publication was put back`);
});

test("a target whose line is gone while it is published is made whole by the next run, the other is put back", async () => {
  const [web1, web2] = await pair();
  if (web1 === undefined || web2 === undefined) throw new Error("two servers");
  const dead = layFaults([
    { call: "stage.publish one", nth: 3, when: "before", error: LOST },
    { call: "stage.revert", nth: 1, when: "before", error: LOST },
  ]);
  const ctx = testCtx();
  const targets = { web1: dead.on(web1.open()), web2: web2.open() };
  const failures = await tryTogether(targets, createMemorySource(AFTER), ctx, "run2");
  expect(failures.get("web1")?.code).toBe("connection-lost");
  expect(failures.get("web2")).toMatchObject({ code: "put-back", message: expect.stringContaining("web1") });
  expect(served(web2)).toEqual(BEFORE);
  expect(ctx.events).toContainEqual(expect.objectContaining({ type: "warning", target: "web1", code: "not-put-back" }));
  const { interrupted } = await observe(web1.open(), NO_CACHE, testCtx());
  expect(interrupted?.unfinished.length).toBe(7);
  await expectConverging([web1, web2], "after the line was gone");
});

test("killed at any call, a delivery leaves what one plain run makes whole", async () => {
  const moments = everyFault(await rehearse("many"), LOST);
  for (const moment of moments) {
    const when = `killed: ${nameOf(moment)}`;
    const servers = await pair();
    const end: Fault = { ...moment, forGood: true };
    const { laid } = await deliverWith([end], servers, "many");
    expect(laid.fired.has(end), when).toBe(true);
    await expectConverging(servers, when);
  }
  console.log(`killed at ${moments.length} moments`);
});

function nameOf({ call, nth, when }: Fault): string {
  return `${call} no. ${nth}, ${when}`;
}
