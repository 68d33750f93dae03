import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Ctx } from "../../src/core/context.ts";
import { needsDelivery } from "../../src/deploy/deliver.ts";
import { deliverStaged } from "../../src/deploy/deliver-staged.ts";
import type { Failures } from "../../src/deploy/group-steps.ts";
import { encodeOwner, thisMachine } from "../../src/deploy/lock-owner.ts";
import { observe } from "../../src/deploy/observe.ts";
import { stageDelivery } from "../../src/deploy/stage-delivery.ts";
import { SmartsyncError, toSmartsyncError } from "../../src/lib/errors.ts";
import type { Source } from "../../src/site/source.ts";
import type { Target } from "../../src/targets/target.ts";
import type { MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE, planFor, seeTarget } from "./try-delivery.ts";

/**
 * Observes these targets, plans without guards, and delivers to all as one, as a run does. Gives what failed: all of
 * them when one can't be looked at.
 */
export async function tryTogether(
  targets: Record<string, Target>,
  source: Source,
  ctx: Ctx,
  run: string,
): Promise<Failures> {
  const members = Object.entries(targets).map(async ([name, target]) => {
    const observed = await seeTarget(target, source, ctx);
    const plan = await planFor(source, observed, ctx);
    return { prepared: { name, target, observed, cache: NO_CACHE, plan, source, notes: [] }, ctx };
  });
  const looked = await Promise.all(members).catch(toSmartsyncError);
  if (looked instanceof SmartsyncError) return new Map(Object.keys(targets).map((name) => [name, looked]));
  const busy = looked.filter(({ prepared }) => needsDelivery(prepared));
  return deliverStaged(busy, ctx.signal, ({ prepared, ctx: own }, stop) =>
    stageDelivery(prepared, { why: { run, trigger: "test" }, isAlone: busy.length === 1 }, stop, own),
  );
}

/** Every file the records of a server are sure of is there just so, and there is no file they do not know of. */
export async function expectTrueRecords(server: MemoryServer, when: string): Promise<void> {
  const { snapshot } = await observe(server.open(), NO_CACHE, testCtx());
  const known = new Set<string>(snapshot.files.keys());
  expect(
    [...server.files.keys()].filter((path) => !known.has(path)),
    `${when}: unknown`,
  ).toEqual([]);
  for (const { path, sha256 } of snapshot.files.values()) {
    if (sha256 === null) continue;
    const content = server.files.get(path)?.content ?? new Uint8Array();
    expect(createHash("sha256").update(content).digest("hex"), `${when}: ${path}`).toBe(sha256);
  }
}

/** The lock's record as a killed process of this machine leaves it. */
export const DEAD_OWNER = encodeOwner({
  format: 1,
  token: "theirs",
  run: "run2",
  by: "deploy@cms",
  machine: thisMachine(),
  pid: 2 ** 22 - 3,
  why: "push",
  since: new Date().toISOString(),
  renewed: new Date().toISOString(),
});
