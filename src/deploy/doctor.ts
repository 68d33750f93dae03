import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { Ctx } from "../core/context.ts";
import { parseRelPath, type RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import type { Target } from "../targets/target.ts";
import { type Check, type Finding, failedCheck, ok, tryOut } from "./check.ts";
import { checkHidden } from "./check-hidden.ts";
import type { PlanDeps } from "./job.ts";
import { observe } from "./observe.ts";
import { readyTarget } from "./open-target.ts";

/**
 * Tries everything a delivery needs of a target, one check after the other; the first that fails is the last. Writes
 * only probe files whose names say so, and removes them. `url` is the site's address, where it is known.
 */
export async function* examineTarget(
  name: string,
  url: string | undefined,
  deps: PlanDeps,
  ctx: Ctx,
): AsyncGenerator<Check> {
  const opened = await openOrFail(name, deps, ctx);
  if ("outcome" in opened) return yield opened;
  await using target = opened.target;
  yield { name: "connect", ...ok(`${opened.place} in ${Math.round(opened.ms)} ms`) };
  const probe = createProbe();
  try {
    for (const [step, work] of stepsFor(target, probe, url, ctx)) {
      const check = await tryOut(step, work);
      yield check;
      if (check.outcome === "failed") return;
    }
  } finally {
    await removeProbe(target, probe, ctx);
  }
}

/** Connecting, TLS and logging in are one step to us; which of them failed is told by the error. */
async function openOrFail(
  name: string,
  deps: PlanDeps,
  ctx: Ctx,
): Promise<{ target: Target; place: string; ms: number } | Check> {
  const startedAt = performance.now();
  try {
    const ready = await readyTarget(name, deps);
    return { target: await ready.open("write", ctx), place: ready.place, ms: performance.now() - startedAt };
  } catch (error) {
    const { kind, code } = toSmartsyncError(error);
    return failedCheck(/^(certificate|tls)-/.test(code) ? "tls" : kind === "auth" ? "login" : "connect", error);
  }
}

interface Probe {
  readonly dir: string;
  readonly path: RelPath;
  /** The name of the probe among the state's own files. */
  readonly state: string;
}

function createProbe(): Probe {
  const id = randomBytes(4).toString("hex");
  const dir = `.smartsync-probe-${id}`;
  const path = parseRelPath(`${dir}/probe 試験.txt`);
  if (path === undefined) throw new Error("the probe's path is none");
  return { dir, path, state: `probe-${id}.txt` };
}

type Step = readonly [name: string, work: () => Promise<Finding>];

function stepsFor(target: Target, probe: Probe, url: string | undefined, ctx: Ctx): Step[] {
  const { caps, state } = target;
  const tls = caps.features.filter(isOfTls);
  const first = Buffer.from(`smartsync probe ${probe.dir}\n`);
  const second = Buffer.from(`smartsync probe ${probe.dir}, replaced\n`);
  return [
    ...(tls.length > 0 ? [["tls", async () => ok(tls.join(", "))] as const] : []),
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
    ["features", async () => ok(caps.features.filter((feature) => !isOfTls(feature)).join(", ") || "nothing special")],
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
        throw unexpected(listed ? `lists the probe with ${listed.size} bytes` : "does not list the probe it just took");
      },
    ],
    [
      "delete",
      async () => {
        await target.remove([probe.path], ctx);
        await target.removeDirs([probe.dir], ctx);
        const left = await Array.fromAsync(target.list(probe.dir, ctx));
        if (left.length === 0) return ok("files and empty folders are removed");
        throw unexpected("still lists the probe after it was deleted");
      },
    ],
    ["records", () => checkRecords(target, ctx)],
  ];
}

/** Reads the records of earlier deliveries as the next one will, but every byte from the target itself. */
async function checkRecords(target: Target, ctx: Ctx): Promise<Finding> {
  const { head, snapshot } = await observe(target, { get: () => undefined, set: () => undefined }, ctx);
  if (head === null) return ok("none yet: nothing was delivered there");
  return ok(`generation ${head.generation}, ${snapshot.files.size.toLocaleString("en")} files`);
}

function isOfTls(feature: string): boolean {
  return /^(TLSv|certificate)/.test(feature);
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
    throw unexpected(`gave other bytes back than were written to ${where}`);
  }
}

function unexpected(what: string): SmartsyncError {
  return new SmartsyncError(`the server ${what}`, {
    kind: "conflict",
    code: "probe-mismatch",
    hint: "something between here and the disk changes files or answers from a cache; ask the host",
  });
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

/** Takes away whatever a check that failed half-way may have left; that failure is the one to tell. */
async function removeProbe(target: Target, probe: Probe, ctx: Ctx): Promise<void> {
  const own: Ctx = { ...ctx, signal: AbortSignal.timeout(10_000) };
  const steps = [
    () => target.remove([probe.path], own),
    () => target.sweep([probe.path], own),
    () => target.removeDirs([probe.dir], own),
    () => target.state.remove([probe.state], own),
  ];
  for (const step of steps) {
    const { outcome, detail } = await tryOut("tidy up", async () => ok(String(await step())));
    if (outcome === "failed") ctx.emit({ type: "warning", code: "probe-left", message: `${probe.dir}: ${detail}` });
  }
}
