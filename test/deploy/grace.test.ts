import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/load-config.ts";
import type { TargetResult } from "../../src/core/events.ts";
import type { GuardName } from "../../src/core/guard.ts";
import type { Plan } from "../../src/core/plan.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import type { Job } from "../../src/deploy/job.ts";
import { makePlans } from "../../src/deploy/make-plans.ts";
import { observe } from "../../src/deploy/observe.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { createRedactor } from "../../src/lib/redact.ts";
import { type LocalState, openLocalState } from "../../src/state/local-state.ts";
import { everyFault, layFaults } from "../doubles/faulty-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { changes, servers } from "./memory-registry.ts";
import { NO_CACHE, served } from "./try-delivery.ts";

vi.mock("../../src/targets/index.ts", () => import("./memory-registry.ts"));

const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 22, 15);

/** A build of a site whose assets carry a hash in their names, as build tools make them. */
const build = (n: number) => ({
  "index.html": `<link href=/assets/桜-${n}.css>`,
  [`assets/桜-${n}.css`]: `body{order:${n}}`,
  [`assets/app-${n}.js`]: `let n=${n}`,
  "画像/会社.svg": "<svg/>",
});

let dir: string;
let state: LocalState;
let now: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "smartsync-grace-"));
  state = openLocalState(join(dir, ".smartsync"));
  now = START;
  servers.clear();
  changes.clear();
});
afterEach(() => {
  state[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});

/** Makes the source this, and nothing else. */
function publish(files: Record<string, string>): void {
  const root = join(dir, "public");
  rmSync(root, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

interface Setting {
  readonly grace?: string;
  readonly publish?: string;
  readonly target?: object;
  readonly guard?: object;
  readonly cleanUrls?: string;
}

const OPEN_GUARD = { maxDelete: "100%", maxShrink: "100%" };

async function deps({ target = {}, ...more }: Setting) {
  const site = { source: "./public", targets: ["web1"], guard: OPEN_GUARD, ...more };
  const targets = { web1: { type: "memory", server: "web1", ...target } };
  const file = join(dir, "smartsync.yaml");
  writeFileSync(file, stringify({ sites: { corporate: site }, targets }), { mode: 0o600 });
  const redactor = createRedactor();
  return { config: await loadConfig(file, redactor), state, redactor, approve: async () => true };
}

function clockCtx() {
  return testCtx({ clock: { ...systemClock, now: () => now } });
}

/** Delivers what is published; gives what became of the target. */
async function push(setting: Setting, job: Partial<Job> = {}): Promise<TargetResult> {
  const { targets } = await deploy({ site: "corporate", trigger: "push", ...job }, await deps(setting), clockCtx());
  const [result] = targets;
  if (result === undefined) throw new Error("there is one target");
  return result;
}

async function plan(setting: Setting): Promise<Plan> {
  const { plans } = await makePlans({ site: "corporate", trigger: "plan" }, await deps(setting), clockCtx());
  const [made] = plans;
  if (made === undefined) throw new Error("there is one target");
  return made;
}

function server() {
  const found = servers.get("web1");
  if (found === undefined) throw new Error("nothing was delivered yet");
  return found;
}

function there(): string[] {
  return Object.keys(served(server())).sort();
}

/** The marks that the target's records hold, by path. */
async function marks(): Promise<Record<string, { since: number; generation: number }>> {
  const { snapshot } = await observe(server().open(), NO_CACHE, testCtx());
  return Object.fromEntries(
    [...snapshot.files.values()].flatMap(({ path, leaving }) => (leaving ? [[path, leaving]] : [])),
  );
}

const paths = (...builds: number[]) =>
  [...builds.flatMap((n) => [`assets/app-${n}.js`, `assets/桜-${n}.css`]), "index.html", "画像/会社.svg"].sort();

describe.each([
  ["file by file", {}],
  ["in stages", { publish: "staged" }],
  ["as rsync and releases do", { target: { alwaysStages: true, stages: "many" } }],
  ["to a bucket", { target: { bucket: "s3" } }],
  ["to a bucket in stages", { target: { bucket: "gcs" }, publish: "staged" }],
])("delivered %s", (_, how: Setting) => {
  test("assets of earlier builds stay for their days, and every day takes away just what is due", async () => {
    const setting = { ...how, grace: "7d" };
    for (let day = 0; day < 10; day++) {
      now = START + day * DAY;
      publish(build(day));
      const result = await push(setting);
      const stay = Array.from({ length: Math.min(day, 7) + 1 }, (_, back) => day - back);
      expect(there()).toEqual(paths(...stay));
      expect(result).toMatchObject({ outcome: "done", deleted: day > 7 ? 2 : 0 });
      expect(result.kept ?? 0).toBe(2 * (stay.length - 1));
      expect(await push(setting)).toMatchObject({ outcome: "unchanged" });
    }
    now += 7 * DAY;
    expect(await push(setting)).toMatchObject({ uploaded: 0, deleted: 14 });
    expect(there()).toEqual(paths(9));
  });

  test("they stay for so many deliveries, however long that takes", async () => {
    const setting = { ...how, grace: "2 deliveries" };
    for (let at = 0; at < 5; at++) {
      now += 100 * DAY;
      publish(build(at));
      await push(setting);
      const stay = Array.from({ length: Math.min(at, 2) + 1 }, (_, back) => at - back);
      expect(there()).toEqual(paths(...stay));
      for (const _ of "ab") expect(await push(setting)).toMatchObject({ outcome: "unchanged" });
    }
  });

  test("a delivery that finds nothing but files that left or came back writes records and no file", async () => {
    const setting = { ...how, grace: "12h" };
    publish(build(1));
    await push(setting);
    const { version } = server();
    const { "画像/会社.svg": logo, ...rest } = build(1);
    publish(rest);
    expect((await plan(setting)).keeping).toEqual({ grace: "12 hours", begins: ["画像/会社.svg"], ends: [] });
    expect(await push(setting)).toMatchObject({ outcome: "done", uploaded: 0, deleted: 0, kept: 1 });
    expect(await marks()).toEqual({ "画像/会社.svg": { since: START, generation: 2 } });
    expect(await push(setting)).toMatchObject({ outcome: "unchanged", kept: 1 });

    publish({ ...rest, "画像/会社.svg": logo ?? "" });
    now += DAY;
    expect((await plan(setting)).keeping).toEqual({ grace: "12 hours", begins: [], ends: ["画像/会社.svg"] });
    expect(await push(setting)).toMatchObject({ outcome: "done", uploaded: 0, deleted: 0 });
    expect(await marks()).toEqual({});
    expect(server().version).toBe(version);
    expect(await push(setting)).toEqual(expect.objectContaining({ outcome: "unchanged", unchanged: 4 }));
  });

  test("a delivery that breaks off anywhere keeps every mark, and the next one comes out the same", async () => {
    const setting = { ...how, grace: "7d" };
    async function atDaySeven(): Promise<void> {
      servers.clear();
      changes.clear();
      state[Symbol.dispose]();
      rmSync(join(dir, ".smartsync"), { recursive: true });
      state = openLocalState(join(dir, ".smartsync"));
      for (const [day, files] of [build(0), build(1), build(2)].entries()) {
        now = START + day * DAY;
        publish(files);
        await push(setting);
      }
      now = START + 8 * DAY;
      publish(build(3));
    }
    await atDaySeven();
    const count = layFaults();
    changes.set("web1", count.on);
    await push(setting);
    const full = new SmartsyncError("the disk is full", { kind: "config", code: "disk-full" });
    const telling = ["put", "remove", "serveAs", "state.write", "stage.put", "stage.putMany", "stage.prepare"];
    const faults = everyFault(count.made, full).filter(({ call }) => [...telling, "stage.publish one"].includes(call));
    expect(faults.length).toBeGreaterThan(10);
    for (const fault of faults) {
      await atDaySeven();
      const last = { ...fault, forGood: true };
      const laid = layFaults([last]);
      changes.set("web1", laid.on);
      await push(setting);
      const when = `${fault.call} ${fault.nth} ${fault.when}`;
      expect(laid.fired.has(last), when).toBe(true);
      expect(await marks(), when).toMatchObject({
        "assets/桜-1.css": { since: START + 2 * DAY, generation: 3 },
      });
      changes.clear();
      server().lock = undefined;
      now += 60_000;
      await push(setting);
      expect(there(), when).toEqual(paths(3, 2, 1));
      expect(await push(setting)).toMatchObject({ outcome: "unchanged", kept: 4 });
    }
  }, 60_000);
});

test("a page that left the site is deleted at once, under its clean URLs as well", async () => {
  const setting = { grace: "7d", cleanUrls: "both", target: { bucket: "s3" } };
  publish({ "index.html": "i", "会社.html": "a", "会社.css": "c" });
  await push(setting);
  expect(there()).toEqual(["index.html", "会社", "会社.css", "会社.html", "会社/index.html"]);
  publish({ "index.html": "i" });
  expect(await push(setting)).toMatchObject({ deleted: 3, kept: 1 });
  expect(there()).toEqual(["index.html", "会社.css"]);
});

test("a delivery of a selection neither begins, ends nor completes the grace of what was not selected", async () => {
  const setting = { grace: "7d" };
  publish(build(1));
  await push(setting);
  publish(build(2));
  expect(await push(setting, { only: ["/index.html"] })).toMatchObject({ uploaded: 1, deleted: 0 });
  expect(await marks()).toEqual({});
  await push(setting);
  now += 30 * DAY;
  publish({ ...build(2), "index.html": "新しい" });
  expect(await push(setting, { only: ["*.html"] })).toMatchObject({ uploaded: 1, deleted: 0, kept: 2 });
  expect(there()).toEqual(paths(2, 1));
});

test("a saved plan keeps what it said it would, also when it is carried out later", async () => {
  const setting = { grace: "7d" };
  publish(build(1));
  await push(setting);
  publish(build(2));
  const saved = await plan(setting);
  now += DAY;
  expect(await push(setting, { plans: [saved] })).toMatchObject({ outcome: "done", uploaded: 3, kept: 2 });
  expect(await marks()).toMatchObject({ "assets/桜-1.css": { since: START + DAY } });
});

test("a site whose grace was taken out of the configuration deletes at once what was kept", async () => {
  publish(build(1));
  await push({ grace: "7d" });
  publish(build(2));
  await push({ grace: "7d" });
  expect(await push({})).toMatchObject({ uploaded: 0, deleted: 2 });
  expect(there()).toEqual(paths(2));
});

test("the guard lets a big removal be kept, says so when it is due, and can be overridden then", async () => {
  const setting: Setting = { grace: "3d", guard: { maxDelete: "25%" } };
  const pictures = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`画像/${at}.svg`, `<svg id="${at}"/>`]));
  const rest = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`news/${at}.html`, `${at}`]));
  publish({ ...rest, ...pictures });
  await push(setting);
  publish(rest);
  expect(await push(setting)).toMatchObject({ outcome: "done", deleted: 0, kept: 6 });
  now += 3 * DAY;
  expect(await push(setting)).toMatchObject({
    outcome: "refused",
    failure: { message: "would delete 6 of 16 files (38%), all of them at the end of their grace; the limit is 25%" },
  });
  const allow: GuardName[] = ["delete-limit"];
  expect(await push(setting, { allow })).toMatchObject({ outcome: "done", deleted: 6 });
  expect(there()).toEqual(Object.keys(rest).sort());
});

test("marks that are only written down on a target that stages make no release that one could go back to", async () => {
  const setting = { grace: "7d", target: { alwaysStages: true } };
  publish({ "index.html": "i", "古い.css": "c" });
  await push(setting);
  publish({ "index.html": "i" });
  const count = layFaults();
  changes.set("web1", count.on);
  expect(await push(setting)).toMatchObject({ outcome: "done", kept: 1 });
  expect([...count.made.keys()].filter((call) => call.startsWith("stage"))).toEqual([]);
});
