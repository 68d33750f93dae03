import { applyChanges } from "../core/apply-changes.ts";
import { bytesToSend, type Change } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import { missingDirs } from "../core/missing-dirs.ts";
import type { RelPath } from "../core/rel-path.ts";
import { asHeld, type RemoteFile } from "../core/snapshot.ts";
import { atOnce } from "../lib/at-once.ts";
import type { Publication, Stage } from "../targets/target.ts";
import type { Ledger } from "./ledger.ts";
import type { PreparedTarget } from "./prepare.ts";
import type { SentFile } from "./send-file.ts";
import { sendToStage } from "./send-to-stage.ts";

/** A stage that is still empty, and whom it belongs to. */
export interface StageToFill {
  readonly prepared: PreparedTarget;
  readonly ledger: Ledger;
  readonly stage: Stage;
  /** The intent is written while the stage is made ready. */
  readonly isBegun: boolean;
}

type Sent = ReadonlyMap<RelPath, SentFile>;

/**
 * Sends everything and makes it ready; gives what was sent, by path. Where it is known beforehand what the target will
 * hold in the end, that is written down meanwhile: stores say only when a file is published what its etag is.
 */
export async function fillStage({ prepared, stage, ledger, isBegun }: StageToFill, ctx: Ctx): Promise<Sent> {
  const { name, target, source, plan, observed } = prepared;
  const startedAt = ctx.clock.now();
  const puts = plan.phases
    .flatMap(({ changes }) => changes.filter((change) => change.kind === "put"))
    .filter(({ heldEtag }) => heldEtag === undefined);
  const bytes = puts.reduce((sum, change) => sum + bytesToSend(change), 0);
  ctx.emit({ type: "stage-started", target: name, files: puts.length, bytes });
  const sent = await sendToStage({ name, source, stage, puts, concurrency: target.caps.concurrency }, ctx);
  const publication = publicationOf(prepared, sent);
  await atOnce(
    ctx.signal,
    (signal) => stage.prepare(publication, { ...ctx, signal }),
    async () => target.caps.servesVisitors || ledger.foresee(heldAfter(observed.snapshot.files, publication, sent)),
    async () => isBegun && ledger.begin(),
  );
  ctx.emit({ type: "staged", target: name, seconds: (ctx.clock.now() - startedAt) / 1000 });
  return sent;
}

/** The plan, with the files as they were sent. */
function publicationOf({ plan, observed }: PreparedTarget, sent: Sent): Publication {
  const asSent = (change: Change): Change =>
    change.kind === "put" ? { ...change, file: sent.get(change.file.path)?.file ?? change.file } : change;
  return {
    phases: plan.phases.map((phase) => ({ ...phase, changes: phase.changes.map(asSent) })),
    missingDirs: missingDirs(plan, observed.snapshot.files),
    emptied: plan.emptied,
  };
}

function heldAfter(
  files: ReadonlyMap<RelPath, RemoteFile>,
  { phases }: Publication,
  sent: Sent,
): ReadonlyMap<RelPath, RemoteFile> {
  const held = applyChanges(
    files,
    phases.flatMap(({ changes }) => changes),
  );
  for (const [path, { file, result }] of sent) held.set(path, asHeld(file, result.etag));
  return held;
}
