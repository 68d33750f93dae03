import type { RelPath } from "./rel-path.ts";
import type { FileMeta } from "./snapshot.ts";

/** The reasons to send a file. "unknown": an interrupted delivery may have touched it. */
export const PUT_REASONS = ["new", "content", "headers", "unknown", "forced"] as const;

/** Why a file is sent. */
export type PutReason = (typeof PUT_REASONS)[number];

/** A file to send. */
export interface PutChange {
  readonly kind: "put";
  readonly file: FileMeta;
  readonly reason: PutReason;
  /**
   * Of a file whose headers alone are to be changed: the etag of the object that holds its bytes. As long as the object
   * has it they need not be sent.
   */
  readonly heldEtag?: string;
}

/** True when the target surely had the file before: another content of it, or other headers. */
export function isReplacing({ reason }: Pick<PutChange, "reason">): boolean {
  return reason !== "new" && reason !== "unknown";
}

/** How many bytes a put sends: none where they are there already. */
export function bytesToSend({ file, heldEtag }: PutChange): number {
  return heldEtag === undefined ? file.size : 0;
}

/** A file to delete on the target. */
export interface DeleteChange {
  readonly kind: "delete";
  readonly path: RelPath;
  /** Bytes the target held under that path; 0 when unknown. */
  readonly size: number;
}

/** One thing a delivery does to a target. */
export type Change = PutChange | DeleteChange;

/** The path a change is about. */
export function pathOf(change: Change): RelPath {
  return change.kind === "put" ? change.file.path : change.path;
}
