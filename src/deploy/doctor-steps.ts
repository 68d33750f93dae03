import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Ctx } from "../core/context.ts";
import type { FileMeta } from "../core/snapshot.ts";
import type { Target, TargetCaps } from "../targets/target.ts";
import { type Finding, ok } from "./check.ts";
import { checkHidden } from "./check-hidden.ts";
import { checkHooks } from "./check-hooks.ts";
import { checkReleases } from "./check-releases.ts";
import { checkStage } from "./check-stage.ts";
import { observe } from "./observe.ts";
import { type Probe, probeMismatch } from "./probe.ts";

/** One check and its name. */
export type Step = readonly [name: string, work: () => Promise<Finding>];

/** Every check of a target that is open, in the order to make them. `url` is the site's address, where it is known. */
export function stepsFor(target: Target, probe: Probe, url: string | undefined, ctx: Ctx): Step[] {
  const { caps, state } = target;
  const first = Buffer.from(`smartsync probe ${probe.dir}\n`);
  const second = Buffer.from(`smartsync probe ${probe.dir}, replaced\n`);
  return [
    ...trustSteps(caps),
    ["round trip", async () => ok(`${await medianRoundTrip(target, probe, ctx)} ms`)],
    [
      "state folder",
      async () => {
        await state.write(probe.state, first, ctx);
        expectSame(await state.read(probe.state, ctx), first, "its state folder");
        return ok(`${state.place}, written and read back`);
      },
    ],
    ["state hidden", () => checkHidden(state.webPath, probe.state, first, url, ctx.signal)],
    ["write", () => putAndCheck(target, probe, first, "written and read back, also under a Japanese name", ctx)],
    // Some of them show only once there was a transfer.
    ["features", async () => ok(otherFeatures(caps).join(", ") || "nothing special")],
    [
      "replace",
      async () => {
        const found = await putAndCheck(target, probe, second, "a file is replaced in one step", ctx);
        return caps.atomicReplace ? found : { outcome: "warning", ...NOT_ATOMIC };
      },
    ],
    [
      "list",
      async () => {
        const found = await Array.fromAsync(target.list(probe.dir, ctx));
        const listed = found.find(({ path }) => path === probe.path);
        if (listed?.size === second.length) return ok("the file is listed with its size");
        throw probeMismatch(
          listed ? `lists the probe with ${listed.size} bytes` : "does not list the probe it just took",
        );
      },
    ],
    [
      "delete",
      async () => {
        await target.remove([probe.path], ctx);
        await target.removeDirs([probe.dir], ctx);
        const left = await Array.fromAsync(target.list(probe.dir, ctx));
        if (left.length === 0) return ok(caps.names.flat ? "files are removed" : "files and empty folders are removed");
        throw probeMismatch("still lists the probe after it was deleted");
      },
    ],
    ["records", () => checkRecords(target, ctx)],
    ...extraSteps(target, probe, ctx),
  ];
}

/** What not every target can: to publish a probe as a release would show it to visitors, so these only tell. */
function extraSteps(target: Target, { state, path }: Probe, ctx: Ctx): Step[] {
  const { hooks, releases } = target;
  const steps: Step[] = [];
  const needed = target.caps.servesVisitors ? "rights, lock" : "programs";
  if (target.examine) steps.push([needed, async () => ok(((await target.examine?.(ctx)) ?? []).join(", "))]);
  if (releases === undefined) steps.push(["stage", () => checkStage(target, state, path, ctx)]);
  else steps.push(["releases", () => checkReleases(releases, ctx)]);
  if (hooks !== undefined && hooks.list.length > 0) {
    steps.push(["hooks", () => checkHooks(hooks, ctx)]);
  }
  return steps;
}

/** Reads the records of earlier deliveries as the next one will, but every byte from the target itself. */
async function checkRecords(target: Target, ctx: Ctx): Promise<Finding> {
  const { head, snapshot } = await observe(target, { get: () => undefined, set: () => undefined }, ctx);
  if (head === null) return ok("none yet: nothing was delivered there");
  return ok(`generation ${head.generation}, ${snapshot.files.size.toLocaleString("en")} files`);
}

/** The features that say why the server may be trusted, by the check that tells them. */
const TRUST: readonly (readonly [check: string, features: RegExp])[] = [
  ["tls", /^(TLSv|certificate)/],
  ["host key", /^host key /],
];

function trustSteps({ features }: TargetCaps): Step[] {
  return TRUST.flatMap(([check, pattern]): Step[] => {
    const found = features.filter((feature) => pattern.test(feature));
    return found.length === 0 ? [] : [[check, async () => ok(found.join(", ").replace(`${check} `, ""))]];
  });
}

function otherFeatures({ features }: TargetCaps): string[] {
  return features.filter((feature) => !TRUST.some(([, pattern]) => pattern.test(feature)));
}

const NOT_ATOMIC = {
  detail: "the server can't rename over a file",
  hint: "smartsync removes the old file first: for a moment there is none",
};

async function putAndCheck(target: Target, { path }: Probe, content: Buffer, good: string, ctx: Ctx): Promise<Finding> {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const file: FileMeta = { path, size: content.length, sha256, mtimeMs: ctx.clock.now(), mode: 0o644 };
  await target.put(file, () => Readable.from([content]), ctx);
  expectSame(await target.get(path, ctx), content, `/${path}`);
  return ok(good);
}

function expectSame(found: Uint8Array | undefined, expected: Uint8Array, where: string): void {
  if (found === undefined || Buffer.compare(found, expected) !== 0) {
    throw probeMismatch(`gave other bytes back than were written to ${where}`);
  }
}

/** Three questions one after the other; the middle of their times, in milliseconds. */
async function medianRoundTrip({ state }: Target, probe: Probe, ctx: Ctx): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 3; at++) {
    const startedAt = performance.now();
    await state.read(probe.state, ctx);
    times.push(performance.now() - startedAt);
  }
  return Math.round(times.toSorted((a, b) => a - b)[1] ?? 0);
}
