import type { Stats } from "ssh2";
import { SmartsyncError } from "../../lib/errors.ts";
import { unlessMissing } from "./sftp-error.ts";
import { OPEN, type SftpHandle, type SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/**
 * Keeps what lies at a place under another name, without changing the place: as a hard link, which costs one request,
 * or, where the server refuses that, as a copy, made by the server where it can (copy-data) and by way of us where it
 * can't. Gives what there was: a symbolic link is kept as such, a directory is not kept.
 */
export async function keepFile(
  session: SftpSession,
  place: string,
  kept: string,
  ctx: LineCtx,
): Promise<"kept" | "absent" | "directory"> {
  if (session.extensions.has("hardlink@openssh.com")) {
    try {
      await session.hardlink(place, kept, ctx);
      return "kept";
    } catch (error) {
      if (!(error instanceof SmartsyncError)) throw error;
      if (error.code === "not-found") return "absent";
      if (error.kind !== "config") throw error;
    }
  }
  const [found, earlier] = await Promise.all([place, kept].map((path) => unlessMissing(session.lstat(path, ctx))));
  if (found === undefined) return "absent";
  if (found.isDirectory()) return "directory";
  if (earlier?.size === found.size && earlier.mtime === found.mtime) return "kept";
  if (earlier) await session.unlink(kept, ctx);
  if (found.isSymbolicLink()) await session.symlink(await session.readlink(place, ctx), kept, ctx);
  else await copyFile(session, place, kept, found, ctx);
  return "kept";
}

async function copyFile(session: SftpSession, place: string, kept: string, found: Stats, ctx: LineCtx): Promise<void> {
  const from = await session.open(place, OPEN.read, ctx);
  try {
    const to = await session.open(kept, OPEN.create, ctx);
    try {
      if (session.extensions.has("copy-data")) await session.copyData(from, to, ctx);
      else await copyThroughUs(session, from, to, ctx);
      await session.fsetstat(to, { mode: found.mode & 0o7777, atime: found.atime, mtime: found.mtime }, ctx);
    } finally {
      await session.close(to, ctx);
    }
  } finally {
    await session.close(from, ctx);
  }
}

async function copyThroughUs(session: SftpSession, from: SftpHandle, to: SftpHandle, ctx: LineCtx): Promise<void> {
  const bytes = Math.min(session.readBytes, session.writeBytes);
  for (let position = 0; ; ) {
    const piece = await session.read(from, position, bytes, ctx);
    if (piece.length === 0) return;
    await session.write(to, piece, position, ctx);
    position += piece.length;
  }
}
