import type { PutChange } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";
import { type SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import type { Source } from "../site/source.ts";
import type { OutgoingFile, Stage } from "../targets/target.ts";
import { bodyToSend } from "./body-to-send.ts";
import { isSourceChanged } from "./checked-body.ts";
import { type SentFile, sendFile } from "./send-file.ts";
import { throwFailures, tryEach } from "./try-each.ts";

/** What is sent to lie in a stage. */
export interface StageLoad {
  /** The target's name, for events. */
  readonly name: string;
  readonly source: Source;
  readonly stage: Stage;
  readonly puts: readonly PutChange[];
  /** How many puts are worth having in flight, where the stage takes one file at a time. */
  readonly concurrency: number;
}

/**
 * Sends everything to the stage and gives what was sent, by path. A file that changes under our hands is scanned and
 * sent anew, as often as `sendFile` does. Throws when any of them can't be sent.
 */
export async function sendToStage(load: StageLoad, ctx: Ctx): Promise<ReadonlyMap<RelPath, SentFile>> {
  const { name: target, source, stage, puts, concurrency } = load;
  const sent = new Map<RelPath, SentFile>();
  const keep = (file: SentFile): void => {
    const { path, size } = file.file;
    sent.set(path, file);
    ctx.emit({ type: "file-staged", target, path, size, seconds: file.seconds });
  };
  const failed = stage.putMany ? await sendMany({ ...load, putMany: stage.putMany }, keep, ctx) : new Map();
  const left = puts.map(({ file }) => file).filter(({ path }) => !sent.has(path));
  const sending = { name: target, source, to: stage };
  const sendOne = async (file: FileMeta) => keep(await sendFile(sending, file, ctx, failed.get(file.path)));
  throwFailures(await tryEach(left, concurrency, sendOne, ctx), "could not be staged");
  return sent;
}

/** Sends all in one stream; gives those that changed meanwhile, with their errors. */
async function sendMany(
  { name, source, puts, putMany }: StageLoad & Required<Pick<Stage, "putMany">>,
  keep: (file: SentFile) => void,
  ctx: Ctx,
): Promise<Map<RelPath, unknown>> {
  const changed = new Map<RelPath, unknown>();
  const failures: SmartsyncError[] = [];
  const startedAt = new Map<RelPath, number>();
  const outgoing = (file: FileMeta): OutgoingFile => ({
    file,
    body() {
      startedAt.set(file.path, ctx.clock.now());
      return bodyToSend(file, source, () => {});
    },
  });
  if (puts.length > 0)
    await putMany(
      puts.map(({ file }) => outgoing(file)),
      ctx,
      {
        done(file, result) {
          const now = ctx.clock.now();
          keep({ file, result, seconds: (now - (startedAt.get(file.path) ?? now)) / 1000 });
        },
        failed(file, error) {
          if (isSourceChanged(error)) changed.set(file.path, error);
          else failures.push(toSmartsyncError(error));
        },
        progress({ path, size }, bytes) {
          ctx.emit({ type: "file-progress", target: name, path, sent: bytes, size });
        },
      },
    );
  throwFailures(failures, "could not be staged");
  return changed;
}
