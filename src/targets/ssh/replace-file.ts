import { SmartsyncError } from "../../lib/errors.ts";
import { isUnexplained, unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

const POSIX_RENAME = "posix-rename@openssh.com";

/** Whether a file can be replaced in one step. */
export function replacesAtOnce({ extensions }: SftpSession): boolean {
  return extensions.has(POSIX_RENAME);
}

/**
 * Renames a file into a place where there may be one already; a symbolic link there is replaced itself. Without
 * posix-rename@openssh.com the old one is moved to `aside` for a moment, or deleted where that is not given.
 */
export async function replaceFile(
  session: SftpSession,
  from: string,
  to: string,
  ctx: LineCtx,
  aside?: string,
): Promise<void> {
  try {
    if (replacesAtOnce(session)) await session.posixRename(from, to, ctx);
    else await replaceByHand(session, from, to, ctx, aside);
  } catch (error) {
    throw isUnexplained(error) ? await explain(session, error, from, to, ctx) : error;
  }
}

/** Renaming fails where there is something, so that a new file costs one request. */
async function replaceByHand(
  session: SftpSession,
  from: string,
  to: string,
  ctx: LineCtx,
  aside?: string,
): Promise<void> {
  try {
    return await session.rename(from, to, ctx);
  } catch (error) {
    if (!isUnexplained(error)) throw error;
  }
  if ((await unlessMissing(session.lstat(to, ctx)))?.isDirectory()) throw isDirectory(to);
  const cleared =
    aside === undefined ? [session.unlink(to, ctx)] : [session.unlink(aside, ctx), session.rename(to, aside, ctx)];
  const renamed = session.rename(from, to, ctx);
  await Promise.allSettled([...cleared, renamed]);
  await renamed;
  if (aside !== undefined) await unlessMissing(session.unlink(aside, ctx));
}

async function explain(
  session: SftpSession,
  error: SmartsyncError,
  from: string,
  to: string,
  ctx: LineCtx,
): Promise<unknown> {
  const [source, there] = await Promise.all([from, to].map((path) => unlessMissing(session.lstat(path, ctx))));
  if (there?.isDirectory()) return isDirectory(to, error);
  return source ? cannotRename(from, to, error) : error;
}

function isDirectory(path: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`could not put ${path} in place: there is a directory where a file is to go`, {
    kind: "conflict",
    code: "is-a-directory",
    hint: "rename or remove the directory on the server, or exclude the file",
    cause,
  });
}

/** What remains is mostly that the two are on different file systems. */
function cannotRename(from: string, to: string, cause: unknown): SmartsyncError {
  return new SmartsyncError(`could not rename ${from} to ${to}: the server refuses to`, {
    kind: "config",
    code: "rename-refused",
    hint: "see whether both are on the same file system and the user who logs in may write there",
    cause,
  });
}
