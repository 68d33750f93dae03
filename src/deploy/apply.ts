import pLimit from "p-limit";
import type { Change, DeleteChange, PutChange } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { Phase, Plan } from "../core/plan.ts";
import { parentsOf, type RelPath } from "../core/rel-path.ts";
import { isTransient, SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import type { Source } from "../site/source.ts";
import type { Target } from "../targets/target.ts";
import type { Ledger } from "./ledger.ts";
import type { Lock } from "./lock.ts";
import { putFile } from "./put-file.ts";

/** So many failed files end a phase at once: by then it is the server that is wrong, not a file. */
const MAX_FAILURES = 20;

/** Everything a plan is carried out with. */
export interface ApplyInput {
  readonly name: string;
  readonly plan: Plan;
  readonly source: Source;
  readonly target: Target;
  readonly lock: Lock;
  readonly ledger: Ledger;
}

/**
 * Carries out a plan, phase by phase: the lock is checked before each, and the first one with a failure is the last.
 * Everything finished is in the ledger, also when this throws ("delivery-incomplete", with every file's own reason).
 */
export async function applyPlan(input: ApplyInput, ctx: Ctx): Promise<void> {
  for (const phase of input.plan.phases) {
    await input.lock.check(ctx);
    await applyPhase(input, phase, ctx);
  }
}

async function applyPhase(input: ApplyInput, phase: Phase, ctx: Ctx): Promise<void> {
  const puts = phase.changes.filter(isPut);
  const deletes = phase.changes.filter(isDelete);
  const bytes = puts.reduce((sum, { file }) => sum + file.size, 0);
  const { name: target } = input;
  ctx.emit({ type: "phase-started", target, phase: phase.name, files: phase.changes.length, bytes });
  if (puts.length > 0) await putAll(input, phase, puts, ctx);
  if (deletes.length > 0) await deleteAll(input, deletes, ctx);
}

async function putAll(input: ApplyInput, phase: Phase, puts: readonly PutChange[], ctx: Ctx): Promise<void> {
  const missing = directoriesOf(puts).filter((dir) => !input.ledger.hasDirectory(dir));
  if (missing.length > 0) await input.target.makeDirs(missing, ctx);
  const failures: SmartsyncError[] = [];
  const limit = pLimit(input.target.caps.concurrency);
  await limit.map(puts, async (change) => {
    if (ctx.signal.aborted || isHopeless(failures)) return;
    try {
      await putFile(input, change, ctx);
    } catch (error) {
      if (!ctx.signal.aborted) failures.push(toSmartsyncError(error));
    }
  });
  ctx.signal.throwIfAborted();
  if (failures.length > 0) throw incomplete(phase, failures);
}

/** What is still transient after every retry is a line that is down: waiting as long for each other file helps nobody. */
function isHopeless(failures: readonly SmartsyncError[]): boolean {
  return failures.length >= MAX_FAILURES || failures.some(isTransient);
}

async function deleteAll(input: ApplyInput, deletes: readonly DeleteChange[], ctx: Ctx): Promise<void> {
  const paths = deletes.map(({ path }) => path);
  await input.target.remove(paths, ctx, (path: RelPath) => {
    input.ledger.recordDelete(path);
    ctx.emit({ type: "file-deleted", target: input.name, path });
  });
  // Here and not at the end: a file of the next phase may take the name of a directory.
  if (input.plan.emptied.length > 0) await input.target.removeDirs(input.plan.emptied, ctx);
}

function incomplete(phase: Phase, failures: readonly SmartsyncError[]): SmartsyncError {
  const [first] = failures;
  if (first !== undefined && failures.length === 1) return first;
  const lines = failures.map(({ message }) => `\n  ${message}`).join("");
  return new SmartsyncError(`${failures.length} files of the phase "${phase.name}" could not be delivered:${lines}`, {
    kind: "partial",
    code: "delivery-incomplete",
    hint: first?.hint ?? "run the same command again; only what is missing is sent",
    cause: first,
  });
}

function directoriesOf(puts: readonly PutChange[]): string[] {
  const dirs = new Set<string>();
  for (const { file } of puts) {
    for (const parent of parentsOf(file.path)) {
      if (dirs.has(parent)) break;
      dirs.add(parent);
    }
  }
  return [...dirs].sort();
}

function isPut(change: Change): change is PutChange {
  return change.kind === "put";
}

function isDelete(change: Change): change is DeleteChange {
  return change.kind === "delete";
}
