import type { FileEntryWithStats, InputAttributes, SFTPWrapper, Stats } from "ssh2";
import { throwIfAborted } from "../../lib/abort.ts";
import { type ByteBudget, createByteBudget } from "../../lib/byte-budget.ts";
import { connectionLost, stopped } from "./line-failures.ts";
import { sftpError } from "./sftp-error.ts";
import type { LineCtx, SshLine } from "./ssh-line.ts";
import { createWaiting } from "./waiting.ts";

/** How a file is opened (draft-ietf-secsh-filexfer-02, 6.3). */
export const OPEN = { read: 0x01, overwrite: 0x02, create: 0x2a } as const;

/** A file or directory that the server has open. */
export interface SftpHandle {
  readonly raw: Buffer;
  readonly path: string;
}

/** What a file is to get: absent ones stay. Times in seconds, both or none. */
export type SftpAttributes = Pick<InputAttributes, "mode" | "size" | "atime" | "mtime">;

/** A file system as the server sees it. */
export interface SftpDisk {
  /** Tells file systems apart, as far as they are numbered. */
  readonly id: number;
  readonly freeBytes: number;
  readonly freeFiles: number;
}

/**
 * The SFTP requests, as promises. Many may be under way at once: the server must give them the outcome they would have
 * one after the other, as far as they concern the same file (draft-ietf-secsh-filexfer-02, 6.1). A failure is a
 * SmartsyncError: "not-found" where the server says NO_SUCH_FILE, "transient" when the connection broke. An abort ends
 * the waiting, not the request.
 */
export interface SftpSession {
  /** Longest piece of a file that one request writes, or reads. */
  readonly writeBytes: number;
  readonly readBytes: number;
  /** How many files the server lets us have open. */
  readonly maxHandles: number;
  /** The server's extensions: "posix-rename@openssh.com". */
  readonly extensions: ReadonlySet<string>;
  /** What all writes share, so that memory does not grow with the number and size of files. */
  readonly budget: ByteBudget;
  open(path: string, flags: number, ctx: LineCtx): Promise<SftpHandle>;
  close(handle: SftpHandle, ctx: LineCtx): Promise<void>;
  /** Fewer bytes than asked for, or none, at the end of the file. */
  read(handle: SftpHandle, position: number, bytes: number, ctx: LineCtx): Promise<Buffer>;
  write(handle: SftpHandle, chunk: Buffer, position: number, ctx: LineCtx): Promise<void>;
  fstat(handle: SftpHandle, ctx: LineCtx): Promise<Stats>;
  fsetstat(handle: SftpHandle, attributes: SftpAttributes, ctx: LineCtx): Promise<void>;
  /** Only where the server has fsync@openssh.com; without it, it does nothing. */
  fsync(handle: SftpHandle, ctx: LineCtx): Promise<void>;
  stat(path: string, ctx: LineCtx): Promise<Stats>;
  lstat(path: string, ctx: LineCtx): Promise<Stats>;
  setstat(path: string, attributes: SftpAttributes, ctx: LineCtx): Promise<void>;
  realpath(path: string, ctx: LineCtx): Promise<string>;
  mkdir(path: string, ctx: LineCtx, mode?: number): Promise<void>;
  rmdir(path: string, ctx: LineCtx): Promise<void>;
  unlink(path: string, ctx: LineCtx): Promise<void>;
  opendir(path: string, ctx: LineCtx): Promise<SftpHandle>;
  /** Some entries, "." and ".." left out; undefined after the last. */
  readdir(handle: SftpHandle, ctx: LineCtx): Promise<FileEntryWithStats[] | undefined>;
  readlink(path: string, ctx: LineCtx): Promise<string>;
  symlink(target: string, path: string, ctx: LineCtx): Promise<void>;
  /** Replaces a file that is there in one step. Only where the server has posix-rename@openssh.com. */
  posixRename(from: string, to: string, ctx: LineCtx): Promise<void>;
  /** Fails when there is something already. */
  rename(from: string, to: string, ctx: LineCtx): Promise<void>;
  /** A second name of a file, or of a symbolic link itself. Only where the server has hardlink@openssh.com. */
  hardlink(from: string, to: string, ctx: LineCtx): Promise<void>;
  /** Copies all of an open file into another, on the server. Only where it has copy-data. */
  copyData(from: SftpHandle, to: SftpHandle, ctx: LineCtx): Promise<void>;
  /** Undefined where the server does not tell (statvfs@openssh.com). */
  disk(path: string, ctx: LineCtx): Promise<SftpDisk | undefined>;
}

/** What every server takes (draft-ietf-secsh-filexfer-02, 3). */
const SAFE_BYTES = 32 * 1024;
/** OpenSSH's window takes 2 MB; as much again is on its way to it, so that it never waits. */
const BYTES_UNDER_WAY = 4 * 1024 * 1024;
/** Ours and the server's own ones, of the 64 that the least generous system gives. */
const SAFE_HANDLES = 48;
const END_OF_FILE = 1;

/** Gives the session of a line: the same one until its connection is lost. */
export type SftpSessions = (ctx: LineCtx) => Promise<SftpSession>;

/** The SFTP sessions of a line. */
export function createSftpSessions(line: SshLine): SftpSessions {
  let current: { readonly sftp: SFTPWrapper; readonly session: SftpSession } | undefined;
  return async (ctx) => {
    throwIfAborted(ctx.signal);
    const sftp = await line.sftp(ctx);
    if (current?.sftp !== sftp) current = { sftp, session: createSftpSession(sftp, line.place) };
    return current.session;
  };
}

type Answer<T> = (error: (Error & { code?: unknown }) | null | undefined, result: T) => void;

function createSftpSession(sftp: SFTPWrapper, place: string): SftpSession {
  const waiting = createWaiting();
  let lost = false;
  const lose = (): void => {
    lost = true;
  };
  sftp.once("close", lose).once("end", lose).once("error", lose);

  function ask<T>(doing: string, path: string, { signal }: LineCtx, send: (answer: Answer<T>) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (signal.aborted) reject(stopped());
    else if (lost) reject(connectionLost(place));
    else {
      const done = waiting.add(signal, reject);
      send((error, result) => {
        done();
        if (error) reject(sftpError(place, doing, path, error));
        else resolve(result);
      });
    }
    return promise;
  }

  /** A request that is answered by nothing but yes or no. */
  function tell(doing: string, path: string, ctx: LineCtx, send: (answer: (error?: Error | null) => void) => void) {
    return ask<void>(doing, path, ctx, (answer) => send((error) => answer(error)));
  }

  const extensions = new Set(Object.keys(privateOf(sftp, "_extensions", isRecord) ?? {}));
  const path = (handle: SftpHandle): string => handle.path;
  return {
    writeBytes: privateOf(sftp, "_maxWriteLen", isNumber) ?? SAFE_BYTES,
    readBytes: privateOf(sftp, "_maxReadLen", isNumber) ?? SAFE_BYTES,
    maxHandles: privateOf(sftp, "maxOpenHandles", isNumber) ?? SAFE_HANDLES,
    extensions,
    budget: createByteBudget(BYTES_UNDER_WAY),
    async open(path, flags, ctx) {
      const raw = await ask<Buffer>("open", path, ctx, (answer) => sftp.open(path, flags, answer));
      return { raw, path };
    },
    close: (handle, ctx) => tell("close", path(handle), ctx, (answer) => sftp.close(handle.raw, answer)),
    read: (handle, position, bytes, ctx) =>
      ask<Buffer>("read", path(handle), ctx, (answer) =>
        sftp.read(handle.raw, Buffer.allocUnsafe(bytes), 0, bytes, position, (error, _bytes, data) =>
          answer(error, data),
        ),
      ),
    write: (handle, chunk, position, ctx) =>
      tell("write", path(handle), ctx, (answer) => sftp.write(handle.raw, chunk, 0, chunk.length, position, answer)),
    fstat: (handle, ctx) => ask<Stats>("look at", path(handle), ctx, (answer) => sftp.fstat(handle.raw, answer)),
    fsetstat: (handle, attributes, ctx) =>
      tell("set time and permissions of", path(handle), ctx, (answer) => sftp.fsetstat(handle.raw, attributes, answer)),
    async fsync(handle, ctx) {
      if (!extensions.has("fsync@openssh.com")) return;
      await ask<unknown>("bring to the disk", path(handle), ctx, (answer) =>
        sftp.ext_openssh_fsync(handle.raw, answer),
      );
    },
    stat: (path, ctx) => ask<Stats>("look at", path, ctx, (answer) => sftp.stat(path, answer)),
    lstat: (path, ctx) => ask<Stats>("look at", path, ctx, (answer) => sftp.lstat(path, answer)),
    setstat: (path, attributes, ctx) =>
      tell("set time and permissions of", path, ctx, (answer) => sftp.setstat(path, attributes, answer)),
    realpath: (path, ctx) => ask<string>("look at", path, ctx, (answer) => sftp.realpath(path, answer)),
    mkdir: (path, ctx, mode) =>
      tell("make the directory", path, ctx, (answer) => sftp.mkdir(path, mode === undefined ? {} : { mode }, answer)),
    rmdir: (path, ctx) => tell("delete the directory", path, ctx, (answer) => sftp.rmdir(path, answer)),
    unlink: (path, ctx) => tell("delete", path, ctx, (answer) => sftp.unlink(path, answer)),
    async opendir(path, ctx) {
      const raw = await ask<Buffer>("list", path, ctx, (answer) => sftp.opendir(path, answer));
      return { raw, path };
    },
    readdir: (handle, ctx) =>
      ask<FileEntryWithStats[] | undefined>("list", path(handle), ctx, (answer) =>
        sftp.readdir(handle.raw, (error: (Error & { code?: unknown }) | undefined, entries) =>
          error?.code === END_OF_FILE ? answer(undefined, undefined) : answer(error, entries),
        ),
      ),
    readlink: (path, ctx) => ask<string>("read the link", path, ctx, (answer) => sftp.readlink(path, answer)),
    symlink: (target, path, ctx) => tell("make the link", path, ctx, (answer) => sftp.symlink(target, path, answer)),
    posixRename: (from, to, ctx) =>
      tell("rename", `${from} to ${to}`, ctx, (answer) => sftp.ext_openssh_rename(from, to, answer)),
    rename: (from, to, ctx) => tell("rename", `${from} to ${to}`, ctx, (answer) => sftp.rename(from, to, answer)),
    hardlink: (from, to, ctx) => tell("keep", from, ctx, (answer) => sftp.ext_openssh_hardlink(from, to, answer)),
    copyData: (from, to, ctx) =>
      tell("copy", path(from), ctx, (answer) => sftp.ext_copy_data(from.raw, 0, 0, to.raw, 0, answer)),
    async disk(path, ctx) {
      if (!extensions.has("statvfs@openssh.com")) return undefined;
      const found = await ask<unknown>("look at", path, ctx, (answer) => sftp.ext_openssh_statvfs(path, answer));
      const number = (name: string): number => (isRecord(found) && Number(found[name])) || 0;
      return { id: number("f_sid"), freeBytes: number("f_bavail") * number("f_frsize"), freeFiles: number("f_favail") };
    },
  };
}

/** What ssh2 has learned of the server but shows to nobody. */
function privateOf<T>(sftp: object, name: string, is: (value: unknown) => value is T): T | undefined {
  const value: unknown = Reflect.get(sftp, name);
  return is(value) ? value : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
