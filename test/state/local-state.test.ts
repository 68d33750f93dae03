import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test } from "vitest";
import { openLocalState } from "../../src/state/local-state.ts";

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "smartsync-state-")), ".smartsync");
});

const run = { id: "20261122T010203-aaaaaa", site: "会社", trigger: "push", startedAt: 1_000, by: "deploy@cms" };
const result = {
  target: "web1",
  outcome: "done",
  uploaded: 3,
  deleted: 1,
  unchanged: 7,
  bytes: 99,
  seconds: 1.5,
} as const;

test("the state folder is private and never committed", () => {
  using _state = openLocalState(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(dir, ".gitignore"), "utf8")).toBe("*\n");
  expect(existsSync(join(dir, "state.db"))).toBe(true);
});

test("a run is remembered with its events, in order, across processes", () => {
  {
    using state = openLocalState(dir);
    state.runs.start(run);
    state.runs.record(run.id, [
      { at: 1_001, event: { type: "file-deleted", target: "web1", path: "古い.html" } },
      { at: 1_002, event: { type: "target-done", result } },
    ]);
    state.runs.finish(run.id, { outcome: "done", targets: [result] }, 2_000);
  }
  using state = openLocalState(dir);
  expect(state.runs.list({})).toEqual([{ ...run, endedAt: 2_000, outcome: "done", targets: [result] }]);
  expect(state.runs.events(run.id).map(({ at, event }) => [at, event.type])).toEqual([
    [1_001, "file-deleted"],
    [1_002, "target-done"],
  ]);
});

const purged = {
  cdn: "前段",
  outcome: "done",
  requests: 1,
  items: 3,
  changed: 41,
  dropped: 41,
  of: 12_400,
  ids: ["I2J0"],
  seconds: 1.2,
} as const;

test("what became of a run's purges is remembered", () => {
  using state = openLocalState(dir);
  state.runs.start(run);
  state.runs.finish(run.id, { outcome: "done", targets: [result], purges: [purged] }, 2_000);
  expect(state.runs.list({})[0]?.purges).toEqual([purged]);
});

test("what a month's purges used is counted for each CDN", () => {
  using state = openLocalState(dir);
  state.purgeUsage.add("前段", "2026-11", { items: 30, usd: 0 });
  state.purgeUsage.add("前段", "2026-11", { items: 5, usd: 0.025 });
  state.purgeUsage.add("前段", "2026-12", { items: 1, usd: 0 });
  expect(state.purgeUsage.of("前段", "2026-11")).toEqual({ items: 35, usd: 0.025 });
  expect(state.purgeUsage.of("edge", "2026-11")).toEqual({ items: 0, usd: 0 });
});

test("a database of the first layout is taken over with all it holds", () => {
  openLocalState(dir)[Symbol.dispose]();
  const old = new DatabaseSync(join(dir, "state.db"));
  old.exec("ALTER TABLE runs DROP COLUMN purges; DROP TABLE purge_usage; PRAGMA user_version = 1");
  old
    .prepare("INSERT INTO runs (id, site, trigger, started_at, ended_at, outcome, by) VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(run.id, run.site, run.trigger, run.startedAt, 2_000, "done", run.by);
  old.close();
  using state = openLocalState(dir);
  expect(state.runs.list({})).toEqual([{ ...run, endedAt: 2_000, outcome: "done", targets: [] }]);
  state.purgeUsage.add("edge", "2026-11", { items: 1, usd: 0 });
  expect(state.purgeUsage.of("edge", "2026-11").items).toBe(1);
});

test("a run whose process died has no end", () => {
  using state = openLocalState(dir);
  state.runs.start(run);
  expect(state.runs.list({})[0]).toMatchObject({ endedAt: null, outcome: null, targets: [] });
});

test("history is newest first, by site, and limited", () => {
  using state = openLocalState(dir);
  for (const [n, site] of ["a", "b", "a", "a"].entries())
    state.runs.start({ ...run, id: `run-${n}`, site, startedAt: n });
  expect(state.runs.list({ site: "a", limit: 2 }).map(({ id }) => id)).toEqual(["run-3", "run-2"]);
  expect(state.runs.list({ limit: 1 }).map(({ id }) => id)).toEqual(["run-3"]);
});

test("a run is found by the beginning of its id, wildcards taken literally", () => {
  using state = openLocalState(dir);
  for (const id of ["20261122-ab", "20261122-ac", "20261123-ab"]) state.runs.start({ ...run, id });
  expect(
    state.runs
      .find("20261122")
      .map(({ id }) => id)
      .sort(),
  ).toEqual(["20261122-ab", "20261122-ac"]);
  expect(state.runs.find("%")).toEqual([]);
});

test("hashes are kept per key and directory, replaced and forgotten", () => {
  using state = openLocalState(dir);
  const record = (text: string) => new Uint8Array(Buffer.from(text));
  const first = new Map([
    ["", record("root")],
    ["日本語/画像", record("pictures")],
  ]);
  const held = (key: string) =>
    new Map([...state.hashes.directories(key)].map((directory) => [directory, state.hashes.find(key, directory)]));
  state.hashes.update("site:1", first, []);
  expect(held("site:1")).toEqual(first);
  expect(held("site:2").size).toBe(0);
  expect(state.hashes.find("site:2", "")).toBeUndefined();
  state.hashes.update("site:1", new Map([["", record("new root")]]), ["日本語/画像"]);
  expect(held("site:1")).toEqual(new Map([["", record("new root")]]));
});

test("the manifest kept last is given back, with the hash it was kept with", () => {
  using state = openLocalState(dir);
  state.manifests.set("web1", "aa", Buffer.from("one"));
  state.manifests.set("web1", "bb", Buffer.from("two"));
  expect(state.manifests.get("web1")).toMatchObject({ sha256: "bb" });
  expect(Buffer.from(state.manifests.get("web1")?.content ?? []).toString()).toBe("two");
  expect(state.manifests.get("web2")).toBeUndefined();
});

test("a learned limit is forgotten when it is old", () => {
  using state = openLocalState(dir);
  state.limits.set("web1", 3, 1_000);
  expect(state.limits.get("web1", 1_000)).toBe(3);
  expect(state.limits.get("web1", 1_001)).toBeUndefined();
});

test("two processes may use it at once", () => {
  using one = openLocalState(dir);
  using two = openLocalState(dir);
  one.runs.start(run);
  expect(two.runs.list({}).length).toBe(1);
});

test("a damaged database stops with what to do", () => {
  openLocalState(dir)[Symbol.dispose]();
  writeFileSync(join(dir, "state.db"), "this is no database at all, but long enough to be read as one".repeat(50));
  expect(() => openLocalState(dir)).toThrow(expect.objectContaining({ kind: "config", code: "state-unreadable" }));
});

test("a folder that can't be made is named", () => {
  const blocked = join(dir, "..", "file");
  writeFileSync(blocked, "");
  chmodSync(blocked, 0o400);
  expect(() => openLocalState(join(blocked, ".smartsync"))).toThrow(
    expect.objectContaining({ kind: "config", code: "state-unwritable", message: expect.stringContaining(blocked) }),
  );
});
