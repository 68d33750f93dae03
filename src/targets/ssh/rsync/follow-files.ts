import type { Clock } from "../../../core/context.ts";
import type { FileMeta } from "../../../core/snapshot.ts";
import type { SendReport } from "../../target.ts";
import type { RsyncNews } from "./rsync-output.ts";

/** Files below this are gone before a progress line could be read. */
const PROGRESS_FROM_BYTES = 1 << 20;
const PROGRESS_EVERY_MS = 200;

/**
 * Tells what is heard of rsync as progress of single files, found by their ids. How far a file is, is told by the bytes
 * that passed since rsync began with it.
 */
export function followFiles(files: ReadonlyMap<string, FileMeta>, report: SendReport, clock: Clock): RsyncNews {
  let current: FileMeta | undefined;
  let sent = 0;
  let toldAt = 0;
  return {
    begun(id) {
      const file = files.get(id);
      current = file && file.size >= PROGRESS_FROM_BYTES ? file : undefined;
      sent = 0;
      toldAt = clock.now();
    },
    passed(bytes) {
      sent += bytes;
      if (current === undefined || clock.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = clock.now();
      report.progress?.(current, Math.min(sent, current.size));
    },
  };
}
