import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { planSwitch } from "../../src/core/plan-switch.ts";
import type { RelPath } from "../../src/core/rel-path.ts";
import { deliverStaged } from "../../src/deploy/deliver-staged.ts";
import { findRelease, listReleases } from "../../src/deploy/find-release.ts";
import type { Member } from "../../src/deploy/group-steps.ts";
import { observe } from "../../src/deploy/observe.ts";
import { readySwitch, type Switch } from "../../src/deploy/ready-switch.ts";
import { makeRunId } from "../../src/deploy/run-id.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Target } from "../../src/targets/target.ts";
import { createMemorySource } from "../doubles/memory-source.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { type ReleasesServer, startReleasesServer } from "../targets/releases/releases-server.ts";
import { NO_CACHE } from "./try-delivery.ts";
import { tryTogether } from "./try-staged.ts";

const ctx = testCtx();
const FIRST = { "index.html": "1", "same.css": "同じ", "old.html": "消える" };
const SECOND = { "index.html": "2", "same.css": "同じ", "新着.html": "増える" };

const servers: ReleasesServer[] = [];
beforeAll(async () => {
  servers.push(await startReleasesServer(), await startReleasesServer());
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));
beforeEach(() => Promise.all(servers.map((server) => server.look.clear())));

function open(at: number): Promise<Target> {
  const server = servers[at];
  if (server === undefined) throw new Error("there are two servers");
  return server.open();
}

/** Delivers to these, both as one. */
async function deliver(targets: Record<string, Target>, files: Record<string, string>): Promise<void> {
  const failures = await tryTogether(targets, createMemorySource(files), ctx, makeRunId(Date.now()));
  expect(failures).toEqual(new Map());
}

/** A switch of this target to the release before. */
async function switchOf(name: string, target: Target): Promise<Member & Switch> {
  const list = await listReleases(name, target, ctx);
  const { name: to, files } = await findRelease(target, list, undefined, ctx);
  const observed = await observe(target, NO_CACHE, ctx);
  const plan = planSwitch({ site: "corporate", target: name }, observed.snapshot, files);
  if (target.releases === undefined) throw new Error("this target keeps releases");
  const from = list.find(({ current }) => current)?.name;
  return {
    prepared: { name, target, observed, cache: NO_CACHE, plan },
    ctx,
    releases: target.releases,
    from,
    to,
    files,
  };
}

async function shown(target: Target): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { path } of target.list("", ctx)) files[path] = Buffer.from(await target.get(path, ctx)).toString();
  return files;
}

/** Every file the records are sure of is there just so, and there is no file they do not know of. */
async function expectTrueRecords(target: Target): Promise<void> {
  const { snapshot } = await observe(target, NO_CACHE, ctx);
  const there = await shown(target);
  expect(Object.keys(there).filter((path) => !snapshot.files.has(path as RelPath))).toEqual([]);
  for (const { path, sha256 } of snapshot.files.values()) {
    if (sha256 === null) continue;
    expect(
      createHash("sha256")
        .update(there[path] ?? "absent")
        .digest("hex"),
      path,
    ).toBe(sha256);
  }
}

describe("a switch that is killed", () => {
  test.each(["ready", "begun", "switched", "done"])(
    "when it is %s leaves true records, and the next delivery is whole",
    async (when) => {
      {
        await using target = await open(0);
        await deliver({ web1: target }, FIRST);
        await deliver({ web1: target }, SECOND);
      }
      const killed = new AbortController();
      const dead = await open(0);
      const planned = await switchOf("web1", dead);
      const member = { ...planned, ctx: testCtx({ signal: killed.signal }) };
      const why = { run: makeRunId(Date.now()), trigger: "rollback" };
      const delivery = await readySwitch(member, member, why, new AbortController().signal);
      if (when !== "ready") await delivery.begin();
      if (when === "switched" || when === "done") await delivery.publish(new AbortController().signal);
      if (when === "done") await delivery.finish();
      killed.abort();
      await dead[Symbol.asyncDispose]();

      await using target = await open(0);
      await target.state.dropLock(ctx);
      expect(await shown(target)).toEqual(when === "switched" || when === "done" ? FIRST : SECOND);
      await expectTrueRecords(target);
      const { interrupted } = await observe(target, NO_CACHE, ctx);
      expect(interrupted !== null).toBe(when === "begun" || when === "switched");
      await deliver({ web1: target }, SECOND);
      expect(await shown(target)).toEqual(SECOND);
      await expectTrueRecords(target);
    },
  );
});

test("when one target of several can't be switched, the others are put back and their records stay true", async () => {
  await using web1 = await open(0);
  await using web2 = await open(1);
  await deliver({ web1, web2 }, FIRST);
  await deliver({ web1, web2 }, SECOND);
  const members = [await switchOf("web1", web1), await switchOf("web2", web2)];
  const [good, bad] = members;
  if (good === undefined || bad === undefined) throw new Error("two targets are switched");
  const broken = new SmartsyncError("the server is on fire", { kind: "config", code: "sftp-failure" });
  const failing = {
    ...bad,
    releases: { ...bad.releases, switchTo: () => new Promise<never>((_, no) => setTimeout(no, 300, broken)) },
  };
  const why = { run: makeRunId(Date.now()), trigger: "rollback" };
  const failures = await deliverStaged([good, failing], ctx.signal, (member, stop) =>
    readySwitch(member, member, why, stop),
  );
  expect(failures.get("web1")).toMatchObject({ code: "put-back" });
  expect([...failures.keys()].sort()).toEqual(["web1", "web2"]);
  for (const target of [web1, web2]) {
    expect(await shown(target)).toEqual(SECOND);
    await expectTrueRecords(target);
  }
  await deliver({ web1, web2 }, FIRST);
  expect(await shown(web2)).toEqual(FIRST);
});

test("a release that no delivery has finished is passed over, and refused by name", async () => {
  await using target = await open(0);
  await deliver({ web1: target }, FIRST);
  const [unserved] = await listReleases("web1", target, ctx);
  await deliver({ web1: target }, SECOND);
  await target.state.remove([`manifest-${unserved?.name}.gz`], ctx);
  const list = await listReleases("web1", target, ctx);
  expect(list.map(({ recorded }) => recorded)).toEqual([true, false]);
  await expect(findRelease(target, list, undefined, ctx)).rejects.toMatchObject({ code: "no-older-release" });
  await expect(findRelease(target, list, unserved?.name, ctx)).rejects.toMatchObject({ code: "release-unrecorded" });
  await expect(findRelease(target, list, "2", ctx)).rejects.toMatchObject({ code: "release-unknown" });
});
