import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { stagedName } from "../files/own-names.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import type { Entry } from "./list-directory.ts";
import { isDone, replyError } from "./replies.ts";
import type { Server } from "./server.ts";
import { receive } from "./transfer.ts";

/** A file of a server as it was, on this machine. */
export interface Copy {
  /** Where it lies. */
  readonly file: string;
  readonly meta: Partial<Pick<FileMeta, "mtimeMs" | "mode">>;
}

/** Copies of a server's files in a scratch folder of this machine: FTP can't copy a file where it is. */
export interface Copies extends AsyncDisposable {
  /** Fetches the server's file at `place`, once; memory does not grow with its size. */
  keep(path: RelPath, place: string, entry: Entry, ctx: Ctx): Promise<void>;
  get(path: RelPath): Copy | undefined;
}

/** No copies yet; the folder is made with the first. */
export function createCopies(pool: ConnectionPool, server: Server): Copies {
  const copies = new Map<RelPath, Copy>();
  let folder: Promise<string> | undefined;

  async function fetch(connection: FtpConnection, place: string, entry: Entry, file: string): Promise<Copy["meta"]> {
    await using saved = await onThisMachine(file, () => open(file, "w"));
    // Only a listing for machines has the whole time; the answer comes before the file.
    const asked = entry.mtimeMs === undefined ? connection.send(`MDTM ${place}`) : undefined;
    let bytes = 0;
    const fetched = receive(connection, server, `RETR ${place}`, async (chunk) => {
      bytes += chunk.length;
      await onThisMachine(file, () => saved.appendFile(chunk));
    });
    const [time, reply] = await Promise.all([asked, fetched]);
    connection.preparePassive();
    if (!isDone(reply)) throw replyError("keep a copy of", place, reply);
    if (bytes !== entry.size) throw cutShort(place, bytes, entry.size);
    const mtimeMs = entry.mtimeMs ?? (time && parseTime(time.message));
    return {
      ...(mtimeMs === undefined ? {} : { mtimeMs }),
      ...(entry.mode === undefined ? {} : { mode: entry.mode }),
    };
  }

  return {
    async keep(path, place, entry, ctx) {
      if (copies.has(path)) return;
      folder ??= onThisMachine(tmpdir(), () => mkdtemp(join(tmpdir(), "smartsync-kept-")));
      const file = join(await folder, stagedName(path));
      const meta = await pool.use(ctx, (connection) => fetch(connection, place, entry, file));
      copies.set(path, { file, meta });
    },
    get: (path) => copies.get(path),
    async [Symbol.asyncDispose]() {
      const [made] = await Promise.allSettled([folder]);
      if (made.status === "fulfilled" && made.value) await rm(made.value, { recursive: true, force: true });
    },
  };
}

/** RFC 3659: "213 YYYYMMDDHHMMSS" in UTC, perhaps with a fraction. */
function parseTime(message: string): number | undefined {
  const found = /^213 (\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(message);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second] = found.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

function cutShort(place: string, bytes: number, size: number): SmartsyncError {
  return new SmartsyncError(`could not keep a copy of ${place}: ${bytes} of ${size} bytes came`, {
    kind: "transient",
    code: "transfer-cut",
    hint: "the line was cut on the way, or the file is being written: run it again",
  });
}

async function onThisMachine<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SmartsyncError(`could not keep what will be replaced in ${file}: ${why}`, {
      kind: "config",
      code: "scratch-unwritable",
      hint: "free space there, or name another folder in the environment variable TMPDIR",
      cause,
    });
  }
}
