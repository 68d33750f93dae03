import { createHash } from "node:crypto";

/** The folder below a document root that is smartsync's own, wherever state can't be kept outside. */
export const OWN_FOLDER = ".smartsync";

/** The folder in which a delivery is staged, inside smartsync's own. */
export const STAGE_FOLDER = ".stage";

const TEMP_NAME = /^\.smartsync-[0-9a-f]{12}\.tmp$/;

/**
 * Where a file lies while it is being sent: beside its final place, under a name that follows from its path alone,
 * so that the next run knows what an interrupted one may have left.
 */
export function tempPath(path: string): string {
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return `${path.slice(0, path.lastIndexOf("/") + 1)}.smartsync-${digest}.tmp`;
}

/** True for the last segment of a path that `tempPath` gives. */
export function isTempName(segment: string): boolean {
  return TEMP_NAME.test(segment);
}

/** The name of a file in a stage, in one flat folder: 32 hexadecimal digits that follow from its path alone. */
export function stagedName(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 32);
}
