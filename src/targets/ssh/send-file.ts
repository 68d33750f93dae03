import type { Readable } from "node:stream";
import { SmartsyncError } from "../../lib/errors.ts";
import { stopped } from "./line-failures.ts";
import { diskFull, isUnexplained, unlessMissing } from "./sftp-error.ts";
import { OPEN, type SftpAttributes, type SftpHandle, type SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/** A file to write under a name of our own, which nobody else uses. */
export interface Sending {
  readonly place: string;
  readonly attributes: SftpAttributes;
  /** It must survive a power failure. */
  readonly durable?: boolean;
  readonly body: () => Readable;
  /** Ways to make the directory it lies in when it is missing, tried in turn until the file can be opened. */
  readonly makeDir: readonly (() => Promise<void>)[];
  /** Asked while the server takes the last bytes; when it fails the file is not there. */
  readonly meanwhile?: () => Promise<void>;
}

/** Less free space than this is what a full disk leaves. */
const FULL_BYTES = 1024 * 1024;

/**
 * Writes a file and gives it its time and permissions: open, then everything else in flight together. It resolves when
 * the server has answered for every byte; when it fails, or the body errors, nothing is left.
 */
export async function sendFile(session: SftpSession, sending: Sending, ctx: LineCtx): Promise<void> {
  const handle = await openMakingDir(session, sending, ctx);
  let closing: Promise<void> | undefined;
  const close = (closeCtx: LineCtx): Promise<void> => {
    closing ??= session.close(handle, closeCtx);
    return closing;
  };
  try {
    const writes = await pump(session, handle, sending.body(), ctx);
    const finished = [
      ...writes,
      setAttributes(session, handle, sending.attributes, ctx),
      ...(sending.durable ? [session.fsync(handle, ctx)] : []),
      sending.meanwhile?.(),
    ];
    await waitForAll([...finished, close(ctx)], ctx);
  } catch (error) {
    const failure = await explain(session, error, sending.place, ctx);
    // Whoever was stopped does not wait for it; the requests are on their way.
    const clearing = ctx.signal.aborted ? NEVER : ctx;
    const cleared = Promise.allSettled([close(clearing), session.unlink(sending.place, clearing)]);
    if (!ctx.signal.aborted) await cleared;
    throw failure;
  }
}

/** Cleaning up is not stopped by what stopped the work. */
const NEVER: LineCtx = { signal: new AbortController().signal };

async function openMakingDir(session: SftpSession, { place, makeDir }: Sending, ctx: LineCtx): Promise<SftpHandle> {
  for (const make of makeDir) {
    const handle = await unlessMissing(openFresh(session, place, ctx));
    if (handle) return handle;
    await make();
  }
  return openFresh(session, place, ctx);
}

/** A connection that was lost may still be worked off by its server, and lay what we have just removed once more. */
const FRESH_TRIES = 4;

/** A new, empty file: whatever lay there, a leftover or somebody's symbolic link, is removed, not written through. */
async function openFresh(session: SftpSession, place: string, ctx: LineCtx, tries = FRESH_TRIES): Promise<SftpHandle> {
  try {
    return await session.open(place, OPEN.create, ctx);
  } catch (error) {
    if (!isUnexplained(error)) throw error;
    const [removed, opened] = await Promise.allSettled([
      session.unlink(place, ctx),
      session.open(place, OPEN.create, ctx),
    ]);
    if (opened.status === "fulfilled") return opened.value;
    if (removed.status === "rejected") throw await explain(session, error, place, ctx);
    if (tries > 1 && isUnexplained(opened.reason)) return openFresh(session, place, ctx, tries - 1);
    throw opened.reason;
  }
}

/** Reads the body to its end, and gives the writes that are not answered yet. */
async function pump(session: SftpSession, handle: SftpHandle, body: Readable, ctx: LineCtx): Promise<Promise<void>[]> {
  const pending = new Set<Promise<void>>();
  const fail = (error: unknown): void => void body.destroy(error instanceof Error ? error : new Error(String(error)));
  const abort = (): void => fail(stopped());
  ctx.signal.addEventListener("abort", abort, { once: true });
  if (ctx.signal.aborted) abort();
  let position = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      for (let from = 0; from < chunk.length; from += session.writeBytes) {
        const piece = asBuffer(chunk.subarray(from, from + session.writeBytes));
        await session.budget.take(piece.length);
        const write = session.write(handle, piece, position, ctx).finally(() => session.budget.give(piece.length));
        position += piece.length;
        pending.add(write);
        write.then(() => pending.delete(write), fail);
      }
    }
    return [...pending];
  } finally {
    ctx.signal.removeEventListener("abort", abort);
    body.destroy();
  }
}

async function setAttributes(
  session: SftpSession,
  handle: SftpHandle,
  attributes: SftpAttributes,
  ctx: LineCtx,
): Promise<void> {
  if (Object.keys(attributes).length === 0) return;
  try {
    await session.fsetstat(handle, attributes, ctx);
  } catch (error) {
    if (!(error instanceof SmartsyncError) || error.kind !== "config") throw error;
    throw new SmartsyncError(error.message, {
      kind: "config",
      code: "attributes-refused",
      hint: "some disks keep no permissions or times: leave them to the server with modes: server and mtimes: false",
      cause: error,
    });
  }
}

/** Resolves when all did; the first failure is thrown once the others have ended too, or the work was stopped. */
async function waitForAll(works: readonly (Promise<void> | undefined)[], { signal }: LineCtx): Promise<void> {
  const results = await Promise.allSettled(works);
  const failure = results.find((result) => result.status === "rejected");
  if (signal.aborted) throw stopped();
  if (failure) throw failure.reason;
}

/** The disk is full, where the server has given no reason and that is one. */
async function explain(session: SftpSession, error: unknown, place: string, ctx: LineCtx): Promise<unknown> {
  if (!isUnexplained(error)) return error;
  const dir = place.slice(0, place.lastIndexOf("/")) || "/";
  const disk = await session.disk(dir, ctx).catch(() => undefined);
  const full = disk !== undefined && (disk.freeBytes < FULL_BYTES || disk.freeFiles === 0);
  return full ? diskFull("write", place, error) : error;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
