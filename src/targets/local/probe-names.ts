import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { NameRules } from "../../core/names.ts";
import { onDiskUnless } from "./disk-error.ts";

/** An empty-handed file in every state directory, whose name has a case and a Unicode composition to fold. */
export const PROBE_NAME = ".probe-が";

const MAX_SEGMENT = 255;
const PATH_MAX = 4096;
/** Room for the temporary name beside a short one. */
const TEMP_ROOM = 32;

/**
 * What names the file system can hold, found out by asking for the state directory's probe file under other spellings.
 * Before the first delivery there is no probe file, and what is usual on this platform is assumed. Writes nothing.
 */
export async function probeNames(root: string, stateDir: string): Promise<NameRules> {
  const finds = async (name: string): Promise<boolean> => {
    const path = join(stateDir, name);
    return (await onDiskUnless(["ENOENT", "ENOTDIR"], "look at", path, () => stat(path))) !== undefined;
  };
  const folds = process.platform === "darwin" || process.platform === "win32";
  const probed = await finds(PROBE_NAME);
  return {
    foldsCase: probed ? await finds(PROBE_NAME.toUpperCase()) : folds,
    foldsUnicode: probed ? await finds(PROBE_NAME.normalize("NFD")) : folds,
    maxSegmentBytes: MAX_SEGMENT,
    maxPathBytes: PATH_MAX - Buffer.byteLength(root) - TEMP_ROOM,
    windows: process.platform === "win32",
  };
}
