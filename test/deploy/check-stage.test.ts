import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRelPath, type RelPath } from "../../src/core/rel-path.ts";
import { checkStage } from "../../src/deploy/check-stage.ts";
import { takeLock } from "../../src/deploy/lock.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { localTarget } from "../../src/targets/local/local-target.ts";
import type { Stage, Target } from "../../src/targets/target.ts";
import { testCtx } from "../doubles/test-ctx.ts";

const path = parseRelPath(".smartsync-probe/試験.txt") ?? ("" as RelPath);
const ctx = testCtx();
let dir: string;
let target: Target;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "smartsync-check-stage-"));
  const config = localTarget.schema.parse({ type: "local", path: "./html" });
  target = await localTarget.open(config, { name: "copy", baseDir: dir }, ctx);
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** The same target with another way of doing a part of staging. */
function staging(change: (stage: Stage) => Partial<Stage>): Target {
  return {
    ...target,
    async stage(run, stageCtx) {
      const stage = await target.stage?.(run, stageCtx);
      if (stage === undefined) throw new Error("the local target stages");
      return { ...stage, ...change(stage) };
    },
  };
}

test("a file is staged, published and put back, and nothing is left of it", async () => {
  expect(await checkStage(target, "probe-1", path, ctx)).toMatchObject({ outcome: "ok" });
  expect(readdirSync(dir, { recursive: true }).filter((name) => !String(name).startsWith(".smartsync"))).toEqual([]);
  expect(await target.state.list(ctx)).toEqual([]);
  expect(await target.state.readLock(ctx)).toBeUndefined();
});

test("a target that can't stage says so", async () => {
  const { stage: _, ...plain } = target;
  expect(await checkStage(plain, "probe-1", path, ctx)).toMatchObject({
    outcome: "ok",
    detail: expect.stringContaining("not possible"),
  });
});

test("a delivery that is at work is left alone", async () => {
  await using _lock = await takeLock(target, { run: "20261122T100045-31409b", trigger: "push" }, ctx);
  const untouched = staging(() => {
    throw new Error("it was staged");
  });
  expect(await checkStage(untouched, "probe-1", path, ctx)).toMatchObject({
    outcome: "warning",
    detail: "not tried: another delivery is at work",
  });
});

test.each<[string, (stage: Stage) => Partial<Stage>, string]>([
  ["publishes nothing", () => ({ publish: async () => {} }), "does not show a file that was published"],
  ["puts nothing back", () => ({ revert: async () => {} }), "still shows a file after it was taken back"],
  [
    "shows a file too early",
    (stage) => ({
      async prepare(publication, prepareCtx) {
        await stage.prepare(publication, prepareCtx);
        await stage.publish(prepareCtx, () => {});
      },
    }),
    "shows a file before it was published",
  ],
])("a server that %s fails the check", async (_, change, message) => {
  const check = checkStage(staging(change), "probe-1", path, ctx);
  await expect(check).rejects.toThrow(SmartsyncError);
  await expect(check).rejects.toMatchObject({ code: "probe-mismatch", message: `the server ${message}` });
});
