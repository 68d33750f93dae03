import type { Clock } from "../../../core/context.ts";
import type { FileMeta } from "../../../core/snapshot.ts";
import type { SendReport } from "../../target.ts";
import type { RsyncNews } from "./rsync-output.ts";

/** What takes no longer is done before a progress line could be read. */
const SILENT_FOR_MS = 1_000;
const PROGRESS_EVERY_MS = 200;

/**
 * Tells what is heard of rsync as progress of single files, found by their ids. How far a file is, is told by the bytes
 * that passed since rsync began with it; one that others have followed has passed whole, which is not yet to say that
 * the server has it.
 */
export function followFiles(files: ReadonlyMap<string, FileMeta>, report: SendReport, clock: Clock): RsyncNews {
  let current: FileMeta | undefined;
  let sent = 0;
  let tellAt = clock.now() + SILENT_FOR_MS;
  let gone: FileMeta[] = [];

  function tell(): void {
    if (clock.now() < tellAt) return;
    tellAt = clock.now() + PROGRESS_EVERY_MS;
    for (const file of gone) report.progress?.(file, file.size);
    gone = [];
    if (current !== undefined) report.progress?.(current, Math.min(sent, current.size));
  }

  return {
    begun(id) {
      if (current !== undefined) gone.push(current);
      current = files.get(id);
      sent = 0;
      tell();
    },
    passed(bytes) {
      sent += bytes;
      tell();
    },
  };
}
