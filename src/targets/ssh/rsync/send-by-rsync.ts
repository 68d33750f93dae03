import { setImmediate as nextTurn } from "node:timers/promises";
import type { Ctx } from "../../../core/context.ts";
import type { FileMeta } from "../../../core/snapshot.ts";
import { throwIfAborted } from "../../../lib/abort.ts";
import { isTransient } from "../../../lib/errors.ts";
import { forEachAtOnce } from "../../../lib/for-each.ts";
import type { SendReport } from "../../target.ts";
import type { SendMany, StagedFile } from "../send-many.ts";
import type { SshLine } from "../ssh-line.ts";
import { batchesOf } from "./batches.ts";
import { requireLocalRsync } from "./find-rsync.ts";
import { followFiles } from "./follow-files.ts";
import { type RsyncSettings, rsyncArguments } from "./rsync-arguments.ts";
import type { RsyncNews } from "./rsync-output.ts";
import { type RsyncRun, startRsync } from "./run-rsync.ts";
import { isSpoolFailure, openSpool, type Spool } from "./spool.ts";

/** How files are sent by rsync, and what they are given on the way. */
export interface SendSettings extends RsyncSettings {
  /** The folder of this machine's spools. */
  readonly spools: string;
  /** The permission bits that a file is sent with. */
  modeOf(file: FileMeta): number;
}

/** The next batch is written to its spool, and its rsync started, while one is sent. */
const BATCHES_AT_ONCE = 2;
const BODIES_AT_ONCE = 16;

/**
 * Sends files by the system's rsync through the line. Their bytes are copied to a spool first, checked on the way by
 * their bodies, and rsync sends from there: it never sees the site's own files, nor their names. Files are told as done
 * when the server's rsync has said that it has all of their batch.
 */
export function sendByRsync(line: SshLine, settings: SendSettings): SendMany {
  return async (files, dir, ctx, report) => {
    throwIfAborted(ctx.signal);
    try {
      await forEachAtOnce(batchesOf(files), BATCHES_AT_ONCE, async (batch) => {
        await using spool = await openSpool(settings.spools, sizeOf(batch), ctx.signal);
        const args = rsyncArguments(settings, spool.folder, dir);
        const start = (news: RsyncNews) => startRsync(args, line, ctx, news);
        await sendBatch(batch, { spool, modeOf: settings.modeOf, start }, ctx, report);
      });
    } catch (error) {
      // An rsync that is missing or too old is looked for only now: on a good day nobody waits for its version.
      if (!isTransient(error) && !ctx.signal.aborted) await requireLocalRsync();
      throw error;
    }
  };
}

function sizeOf(batch: readonly StagedFile[]): number {
  return batch.reduce((sum, { file }) => sum + file.size, 0);
}

interface Sending {
  readonly spool: Spool;
  readonly modeOf: SendSettings["modeOf"];
  start(news: RsyncNews): RsyncRun;
}

/** Sends one batch by one rsync, which starts with the first file that is ready, and takes the others as they come. */
async function sendBatch(batch: readonly StagedFile[], sending: Sending, ctx: Ctx, report: SendReport): Promise<void> {
  const { spool, modeOf, start } = sending;
  const listed = new Map<string, FileMeta>();
  await using runs = new AsyncDisposableStack();
  let rsync: RsyncRun | undefined;
  await forEachAtOnce(batch, BODIES_AT_ONCE, async (staged) => {
    const { id, file } = staged;
    // Small files are written without a pause: the connection must get its turn, so that rsync starts meanwhile.
    await nextTurn();
    try {
      await spool.add({ ...file, id, mode: modeOf(file), body: () => staged.body() });
    } catch (error) {
      if (ctx.signal.aborted || isSpoolFailure(error)) throw error;
      report.failed(file, error);
      return;
    }
    listed.set(id, file);
    rsync ??= runs.use(start(followFiles(listed, report, ctx.clock)));
    rsync.send(id);
  });
  await rsync?.finish();
  for (const file of listed.values()) report.done(file, {});
}
