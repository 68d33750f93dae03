import type { Ctx } from "../../core/context.ts";
import type { OutgoingFile, SendReport } from "../target.ts";

/** A file on its way into the stage, where it lies under a name that follows from its path alone. */
export interface StagedFile extends OutgoingFile {
  /** Lower-case hexadecimal. */
  readonly id: string;
}

/**
 * Sends many files into one directory of the server, each as `<dir>/<id>`, with its size, time and permission bits.
 * What an earlier attempt left there under an id, whole or in part, is made use of. Rejects when the transport failed.
 */
export type SendMany = (files: readonly StagedFile[], dir: string, ctx: Ctx, report: SendReport) => Promise<void>;
