import type { Ctx } from "../core/context.ts";
import { type SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import type { Target } from "../targets/target.ts";
import { type Check, failedCheck, ok, tryOut } from "./check.ts";
import { stepsFor } from "./doctor-steps.ts";
import type { PlanDeps } from "./job.ts";
import { readyTarget } from "./open-target.ts";
import { createProbe, removeProbe } from "./probe.ts";

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
  let wrote = false;
  try {
    for (const [step, work] of stepsFor(target, probe, url, ctx)) {
      wrote ||= !READ_ONLY_STEPS.has(step);
      const check = await tryOut(step, work);
      yield check;
      if (check.outcome === "failed") return;
    }
  } finally {
    if (wrote) await removeProbe(target, probe, ctx);
  }
}

/** Nothing has to be removed after these. */
const READ_ONLY_STEPS: ReadonlySet<string> = new Set(["tls", "host key", "round trip"]);

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
    return failedCheck(stepOf(toSmartsyncError(error)), error);
  }
}

function stepOf({ kind, code }: SmartsyncError): string {
  if (/^(certificate|tls)-/.test(code)) return "tls";
  if (/^(host-key|known-hosts)-/.test(code)) return "host key";
  return kind === "auth" || /^(key|agent)-/.test(code) ? "login" : "connect";
}
