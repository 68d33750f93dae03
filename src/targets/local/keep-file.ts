import { cp, link, rm } from "node:fs/promises";
import { errnoOf, onDisk } from "./disk-error.ts";

/**
 * What a file system says that has no hard links, or no more of them for this file; and Linux, when a plain user wants
 * one to somebody else's file (fs.protected_hardlinks).
 */
const NO_LINKS = new Set(["EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Keeps a file, or a symbolic link as such, under another name: as a hard link, which costs nothing, or as a copy. */
export async function keepFile(place: string, kept: string): Promise<void> {
  await onDisk("keep", place, async () => {
    await rm(kept, { force: true });
    try {
      await link(place, kept);
    } catch (error) {
      if (!NO_LINKS.has(errnoOf(error) ?? "")) throw error;
      await cp(place, kept, { preserveTimestamps: true, verbatimSymlinks: true });
    }
  });
}
