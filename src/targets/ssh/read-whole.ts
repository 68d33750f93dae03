import { SmartsyncError } from "../../lib/errors.ts";
import { unlessMissing } from "./sftp-error.ts";
import { OPEN, type SftpHandle, type SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/** How many pieces of a file are asked for at once. */
const AT_ONCE = 16;

/** The whole content; undefined only when the server says for certain that there is no such file. Two round trips. */
export async function readWhole(session: SftpSession, path: string, ctx: LineCtx): Promise<Buffer | undefined> {
  const handle = await unlessMissing(session.open(path, OPEN.read, ctx));
  if (handle === undefined) return undefined;
  try {
    const [found, first] = await Promise.allSettled([
      session.fstat(handle, ctx),
      session.read(handle, 0, session.readBytes, ctx),
    ]);
    if (found.status === "fulfilled" && found.value.isDirectory()) return undefined;
    if (found.status === "rejected") throw found.reason;
    if (first.status === "rejected") throw first.reason;
    return await readRest(session, handle, first.value, found.value.size, ctx);
  } finally {
    session.close(handle, ctx).catch(() => undefined);
  }
}

async function readRest(
  session: SftpSession,
  handle: SftpHandle,
  first: Buffer,
  size: number,
  ctx: LineCtx,
): Promise<Buffer> {
  if (first.length >= size) return first;
  const content = Buffer.allocUnsafe(size);
  first.copy(content);
  let next = first.length;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    while (next < size) {
      let at = next;
      const end = Math.min(at + session.readBytes, size);
      next = end;
      while (at < end) {
        const piece = await session.read(handle, at, end - at, ctx);
        if (piece.length === 0) throw shortened(handle.path);
        piece.copy(content, at);
        at += piece.length;
      }
    }
  });
  await Promise.all(workers);
  return content;
}

function shortened(path: string): SmartsyncError {
  return new SmartsyncError(`could not read ${path}: it became shorter meanwhile`, {
    kind: "transient",
    code: "changed-while-read",
  });
}
