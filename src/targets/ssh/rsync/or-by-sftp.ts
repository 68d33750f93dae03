import { SmartsyncError } from "../../../lib/errors.ts";
import type { SendMany } from "../send-many.ts";

/**
 * The same, but where one side has no rsync, or none that will do, it warns, and leaves every file to whoever sends what
 * was not sent: over SFTP. `name` is the target's, for the event.
 */
export function orBySftp(byRsync: SendMany, name: string): SendMany {
  return async (files, dir, ctx, report) => {
    try {
      await byRsync(files, dir, ctx, report);
    } catch (error) {
      if (!isWithoutRsync(error)) throw error;
      ctx.emit({
        type: "warning",
        target: name,
        code: error.code,
        message: `${error.message}; sending over SFTP, which is slower`,
        ...(error.hint !== undefined && { hint: error.hint }),
      });
    }
  };
}

/** Whether an error is that one side has no rsync, or none that will do. */
export function isWithoutRsync(error: unknown): error is SmartsyncError {
  return error instanceof SmartsyncError && /^rsync-(missing|too-old)$/.test(error.code);
}
