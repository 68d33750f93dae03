import { SmartsyncError } from "../../lib/errors.ts";
import { unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/** Deletes a file, or a symbolic link itself. An absent one is fine, and a directory of that name is not the file that was to go. */
export async function removeFile(session: SftpSession, path: string, ctx: LineCtx): Promise<void> {
  try {
    await unlessMissing(session.unlink(path, ctx));
  } catch (error) {
    if (!(error instanceof SmartsyncError) || error.kind !== "config") throw error;
    const found = await unlessMissing(session.lstat(path, ctx));
    if (found && !found.isDirectory()) throw error;
  }
}

/** Removes a directory where it is empty and may be removed; others, and what is none, stay. */
export async function removeDirectory(session: SftpSession, path: string, ctx: LineCtx): Promise<void> {
  try {
    await unlessMissing(session.rmdir(path, ctx));
  } catch (error) {
    if (!(error instanceof SmartsyncError) || error.kind !== "config") throw error;
  }
}
