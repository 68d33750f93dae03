import { bytesToSend, type DeleteChange, type PutChange } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import { missingDirs } from "../core/missing-dirs.ts";
import type { Phase } from "../core/plan.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { Ledger } from "./ledger.ts";
import type { Lock } from "./lock.ts";
import type { PreparedTarget } from "./prepare.ts";
import { sendFile } from "./send-file.ts";
import { serveHeld } from "./serve-held.ts";
import { throwFailures, tryEach } from "./try-each.ts";

/** Everything a plan is carried out with. */
export interface ApplyInput {
  readonly prepared: PreparedTarget;
  readonly lock: Lock;
  readonly ledger: Ledger;
}

/**
 * Carries out a plan, phase by phase: the lock is checked before each (before the first the ledger did, to begin), and
 * the first one with a failure is the last. Everything finished is in the ledger, also when this throws
 * ("delivery-incomplete", with every file's own reason).
 */
export async function applyPlan(input: ApplyInput, ctx: Ctx): Promise<void> {
  for (const [at, phase] of input.prepared.plan.phases.entries()) {
    if (at > 0) await input.lock.check(ctx);
    await applyPhase(input, phase, ctx);
  }
}

async function applyPhase(input: ApplyInput, phase: Phase, ctx: Ctx): Promise<void> {
  const puts = phase.changes.filter((change) => change.kind === "put");
  const deletes = phase.changes.filter((change) => change.kind === "delete");
  const bytes = puts.reduce((sum, change) => sum + bytesToSend(change), 0);
  const { name: target } = input.prepared;
  ctx.emit({ type: "phase-started", target, phase: phase.name, files: phase.changes.length, bytes });
  if (puts.length > 0) await putAll(input, phase, puts, ctx);
  if (deletes.length > 0) await deleteAll(input, deletes, ctx);
}

async function putAll(input: ApplyInput, phase: Phase, puts: readonly PutChange[], ctx: Ctx): Promise<void> {
  const { prepared, ledger } = input;
  const { name, target, source, observed } = prepared;
  const missing = missingDirs({ phases: [phase] }, observed.snapshot.files);
  if (missing.length > 0) await target.makeDirs(missing, ctx);
  const put = async (change: PutChange) => {
    const served = await serveHeld(target, change, ctx);
    const { file, result, seconds } = served ?? (await sendFile({ name, source, to: target }, change.file, ctx));
    ledger.recordPut(file, result);
    const how = served ? { size: 0, headersOnly: true as const } : { size: file.size };
    ctx.emit({ type: "file-put", target: name, path: file.path, reason: change.reason, seconds, ...how });
  };
  const failures = await tryEach(puts, target.caps.concurrency, put, ctx);
  throwFailures(failures, `of the phase "${phase.name}" could not be delivered`);
}

async function deleteAll({ prepared, ledger }: ApplyInput, deletes: readonly DeleteChange[], ctx: Ctx): Promise<void> {
  const { name, target, plan } = prepared;
  const paths = deletes.map(({ path }) => path);
  await target.remove(paths, ctx, (path: RelPath) => {
    ledger.recordDelete(path);
    ctx.emit({ type: "file-deleted", target: name, path });
  });
  // Here and not at the end: a file of the next phase may take the name of a directory.
  if (plan.emptied.length > 0) await target.removeDirs(plan.emptied, ctx);
}
