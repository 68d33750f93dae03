import { Readable } from "node:stream";
import { SmartsyncError } from "../../lib/errors.ts";
import { ACCESS_FILE, DENY_ALL } from "../files/access-file.ts";
import { below } from "../files/document-root.ts";
import { OWN_FOLDER } from "../files/own-names.ts";
import { replaceFile } from "./replace-file.ts";
import { sendFile } from "./send-file.ts";
import { ancestorsOf, insistOnDirs, makeDirs } from "./server-tree.ts";
import { unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";

/** Nobody but the user who logs in, and the group, has any business there. */
const DIR_MODE = 0o770;

/** The folder that the state, and what is staged, lie in. */
export interface StateFolder {
  readonly dir: string;
  /** Where it lies below the document root; absent when it is outside. */
  readonly webPath?: string;
  /** Makes the folder and closes it to the web. */
  make(session: SftpSession, ctx: LineCtx): Promise<void>;
  /** Writes a file of it, at once for everybody to see and durable. One that can't be replaced in one step is aside (".old") for a moment. */
  write(
    session: SftpSession,
    name: string,
    content: Uint8Array,
    ctx: LineCtx,
    mayReplace?: () => Promise<void>,
  ): Promise<void>;
  /** The error with what can be done about it, where it is that the folder may not be written. */
  refused(error: unknown): unknown;
}

/** The folder for the state of a document root ("" is the server's own), made when it is first needed. */
export function createStateFolder(dir: string, root: string): StateFolder {
  const webPath = below(root, dir);
  let closed = webPath === undefined;

  async function make(session: SftpSession, ctx: LineCtx): Promise<void> {
    const made = Promise.allSettled([makeDirs(session, ancestorsOf(dir), ctx), session.mkdir(dir, ctx, DIR_MODE)]);
    const found = await unlessMissing(session.stat(dir, ctx));
    await made;
    if (found?.isDirectory()) return;
    try {
      await insistOnDirs(session, [...ancestorsOf(dir), dir], ctx);
    } catch (error) {
      throw refused(error, dir, root);
    }
  }

  async function closeToWeb(session: SftpSession, ctx: LineCtx): Promise<void> {
    if (closed) return;
    const found = await unlessMissing(session.stat(`${dir}/${ACCESS_FILE}`, ctx));
    if (found?.size !== DENY_ALL.length) await store(session, ACCESS_FILE, Buffer.from(DENY_ALL), ctx);
    closed = true;
  }

  async function store(
    session: SftpSession,
    name: string,
    content: Uint8Array,
    ctx: LineCtx,
    mayReplace?: () => Promise<void>,
  ): Promise<void> {
    const place = `${dir}/${name}`;
    const sending = {
      place: `${place}.tmp`,
      attributes: {},
      durable: true,
      body: () => Readable.from([content], { objectMode: false }),
      makeDir: [() => make(session, ctx)],
    };
    try {
      await Promise.all([sendFile(session, sending, ctx), mayReplace?.()]);
      await replaceFile(session, `${place}.tmp`, place, ctx, `${place}.old`);
    } catch (error) {
      throw refused(error, dir, root);
    }
  }

  return {
    dir,
    ...(webPath === undefined ? {} : { webPath }),
    refused: (error) => refused(error, dir, root),
    async make(session, ctx) {
      await make(session, ctx);
      await closeToWeb(session, ctx);
    },
    async write(session, name, content, ctx, mayReplace) {
      await closeToWeb(session, ctx);
      await store(session, name, content, ctx, mayReplace);
    },
  };
}

/** Accounts that are shut in their document root can't write beside it. */
function refused(error: unknown, dir: string, root: string): unknown {
  if (!(error instanceof SmartsyncError) || error.code !== "permission-denied") return error;
  return new SmartsyncError(error.message, {
    kind: "config",
    code: "permission-denied",
    hint: `let root make ${dir} for the user who logs in, or set statePath to a folder of that user on the same file system; only an account that is shut in its document root takes statePath: ${root}/${OWN_FOLDER}`,
    cause: error,
  });
}
