import { open } from "node:fs/promises";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { onDiskUnless } from "./disk-error.ts";

/** How many files are brought to the disk at once: the file system's journal takes several in one commit. */
const AT_ONCE = 16;

/** What was written but may still only be in memory. */
export interface Unsynced {
  /** Notes a file whose content, or a directory whose entries, changed. */
  add(path: string): void;
  /** Brings everything noted so far to the disk: what was added before the call is durable when it resolves. */
  flush(): Promise<void>;
}

/**
 * Collects what has to reach the disk before a state that speaks of it may: one batch costs far less than as many
 * single waits. Until then a power failure may lose content, never a record that the next run relies on.
 */
export function createUnsynced(): Unsynced {
  let waiting = new Set<string>();
  let flushing: Promise<void> = Promise.resolve();

  async function flushWaiting(): Promise<void> {
    const batch = waiting;
    waiting = new Set();
    try {
      await forEachAtOnce(batch, AT_ONCE, syncToDisk);
    } catch (error) {
      for (const path of batch) waiting.add(path);
      throw error;
    }
  }

  return {
    add: (path) => void waiting.add(path),
    flush() {
      const flushed = flushing.then(flushWaiting);
      // Whoever asks next waits for this batch too, and learns of its failure by syncing it again.
      flushing = flushed.catch(() => undefined);
      return flushed;
    },
  };
}

/** Brings a file's content or a directory's entries to the disk; one that is gone has nothing to bring. */
async function syncToDisk(path: string): Promise<void> {
  await onDiskUnless(["ENOENT", "ENOTDIR"], "bring to the disk", path, async () => {
    await using handle = await open(path, "r");
    await handle.sync();
  });
}
