import { SmartsyncError } from "../../lib/errors.ts";
import { ACCESS_FILE } from "../files/access-file.ts";
import { STAGE_FOLDER } from "../files/own-names.ts";
import type { StateStore } from "../target.ts";
import { listDirectory } from "./list-tree.ts";
import { readWhole } from "./read-whole.ts";
import { replacesAtOnce } from "./replace-file.ts";
import { isUnexplained, unlessMissing } from "./sftp-error.ts";
import { OPEN, type SftpHandle, type SftpSession, type SftpSessions } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";
import type { StateFolder } from "./state-folder.ts";

const LOCK = "lock";
/** What lies in the folder besides states. */
const HELPERS = new Set([LOCK, ACCESS_FILE, STAGE_FOLDER]);
/** The state in its folder on the server. */
export function createSftpStateStore(sessions: SftpSessions, folder: StateFolder): StateStore {
  const { dir, webPath } = folder;
  const at = (name: string): string => `${dir}/${name}`;
  const inLine = createLines();

  async function read(session: SftpSession, name: string, ctx: LineCtx): Promise<Uint8Array | undefined> {
    const content = await readWhole(session, at(name), ctx);
    if (content !== undefined || replacesAtOnce(session)) return content;
    return readWhole(session, at(`${name}.old`), ctx);
  }

  async function removeAll(session: SftpSession, names: readonly string[], ctx: LineCtx): Promise<void> {
    await Promise.all(names.map((name) => unlessMissing(session.unlink(at(name), ctx))));
  }

  /** Makes the lock's file and opens it; "held" when there is one, undefined when its folder is missing. */
  async function openLock(session: SftpSession, ctx: LineCtx): Promise<SftpHandle | "held" | undefined> {
    try {
      return await unlessMissing(session.open(at(LOCK), OPEN.create, ctx));
    } catch (error) {
      if (isUnexplained(error) && (await unlessMissing(session.lstat(at(LOCK), ctx))) !== undefined) return "held";
      throw folder.refused(error);
    }
  }

  async function takeLock(owner: Uint8Array, ctx: LineCtx): Promise<boolean> {
    const session = await sessions(ctx);
    let handle = await openLock(session, ctx);
    if (handle === undefined) {
      await folder.make(session, ctx);
      handle = await openLock(session, ctx);
    }
    if (handle === "held") return false;
    if (handle === undefined)
      throw new SmartsyncError(`could not take the lock ${at(LOCK)}: ${dir} is gone again`, {
        kind: "transient",
        code: "state-directory",
      });
    try {
      await writeRecord(session, handle, owner, ctx);
    } catch (error) {
      await session.unlink(at(LOCK), ctx).catch(() => undefined);
      throw error;
    }
    return true;
  }

  return {
    place: dir,
    ...(webPath === undefined ? {} : { webPath }),
    read: async (name, ctx) => read(await sessions(ctx), name, ctx),
    write: (name, content, ctx, mayReplace) =>
      inLine(name, async () => folder.write(await sessions(ctx), name, content, ctx, mayReplace)),
    async remove(names, ctx) {
      const session = await sessions(ctx);
      // What was moved aside goes first: alone, it would come back as the state.
      const aside = replacesAtOnce(session) ? [] : names.map((name) => `${name}.old`);
      await removeAll(session, [...aside, ...names], ctx);
    },
    async list(ctx) {
      const entries = await listDirectory(await sessions(ctx), dir, ctx);
      const names = entries.map(({ filename }) => filename);
      const states = names.filter((name) => !HELPERS.has(name) && !name.endsWith(".tmp"));
      return [...new Set(states.map((name) => name.replace(/\.old$/, "")))];
    },
    takeLock: (owner, ctx) => inLine(LOCK, () => takeLock(owner, ctx)),
    readLock: async (ctx) => readWhole(await sessions(ctx), at(LOCK), ctx),
    writeLock: (owner, ctx) =>
      inLine(LOCK, async () => {
        const session = await sessions(ctx);
        if (replacesAtOnce(session)) await folder.write(session, LOCK, owner, ctx);
        else await writeRecord(session, await session.open(at(LOCK), OPEN.overwrite, ctx), owner, ctx);
      }),
    dropLock: async (ctx) => {
      await unlessMissing((await sessions(ctx)).unlink(at(LOCK), ctx));
    },
  };
}

/** Writes over a record that is there, without a moment at which it is not. */
async function writeRecord(session: SftpSession, handle: SftpHandle, record: Uint8Array, ctx: LineCtx): Promise<void> {
  const done = await Promise.allSettled([
    session.write(handle, Buffer.from(record), 0, ctx),
    session.fsetstat(handle, { size: record.length }, ctx),
    session.fsync(handle, ctx),
    session.close(handle, ctx),
  ]);
  for (const result of done) if (result.status === "rejected") throw result.reason;
}

/** Work under one name waits for the work before it, so that one temporary name is enough for each. */
function createLines() {
  const tails = new Map<string, Promise<unknown>>();
  return <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const done = (tails.get(name) ?? Promise.resolve()).then(work, work);
    tails.set(name, done);
    return done;
  };
}
