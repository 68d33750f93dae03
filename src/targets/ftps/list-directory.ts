import { parseList } from "basic-ftp";
import { SmartsyncError } from "../../lib/errors.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import { isDone, isUnsupported, type Reply, replyError } from "./replies.ts";
import type { Server } from "./server.ts";
import { download } from "./transfer.ts";

/** The dot keeps a server from taking "-a" for the name of a directory, where there is one. */
const LIST_ALL = "LIST -a .";

/** Something in a directory. Whatever is not a directory counts as a file, links included: they are never followed. */
export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly size: number;
  readonly mtimeMs?: number;
}

/** A directory as the server shows it. */
export interface Listing {
  readonly entries: readonly Entry[];
  /** Names that begin with a dot are shown too, so that their absence means something. */
  readonly showsDotFiles: boolean;
}

/** The server would not enter the directory; the reply says why, perhaps that there is none. */
export interface NoEntry {
  readonly refusal: Reply;
}

/**
 * Lists one directory ("" is the server's root). Entering it first tells a missing directory from an empty one, which
 * LIST alone does not, and spares names with spaces and asterisks a journey through the server's LIST options.
 */
export async function listDirectory(
  connection: FtpConnection,
  server: Server,
  dir: string,
): Promise<Listing | NoEntry> {
  const entered = await connection.send(`CWD ${dir || "/"}`);
  if (!isDone(entered)) return { refusal: entered };
  for (const command of server.mlsd ? ["MLSD", LIST_ALL, "LIST"] : [LIST_ALL, "LIST"]) {
    const { reply, content } = await download(connection, server, command);
    connection.preparePassive();
    if (isUnsupported(reply)) {
      if (command === "MLSD") server.mlsd = false;
      continue;
    }
    if (command === LIST_ALL && (!isDone(reply) || content.length === 0)) continue;
    if (!isDone(reply)) throw replyError("list", dir || "/", reply);
    if (/truncated/i.test(reply.message)) throw cutShort(dir, reply);
    return readListing(server.codec.decode(content));
  }
  throw new SmartsyncError(`could not list ${dir || "/"}: the server knows none of MLSD, LIST -a and LIST`, {
    kind: "config",
    code: "not-supported",
  });
}

/** What the text of a listing says; throws (kind config) when its format is unknown. */
export function readListing(text: string): Listing {
  const entries: Entry[] = [];
  // basic-ftp picks the format by the last line, which a single odd one must not decide alone; blank ones it skips.
  for (const { name, isDirectory, size, modifiedAt } of parse(text)) {
    if (name === "." || name === ".." || name === "" || name.includes("/")) continue;
    entries.push({ name, isDirectory, size, ...(modifiedAt ? { mtimeMs: modifiedAt.getTime() } : {}) });
  }
  const showsSelf = /^(?:.*[; ])?type=[cp]dir;/im.test(text) || /\s\.{1,2}\r?$/m.test(text);
  return { entries, showsDotFiles: showsSelf || entries.some(({ name }) => name.startsWith(".")) };
}

function parse(text: string): ReturnType<typeof parseList> {
  try {
    return parseList(text);
  } catch (cause) {
    throw new SmartsyncError("could not read the server's listing: its format is unknown", {
      kind: "config",
      code: "listing-unreadable",
      cause,
    });
  }
}

function cutShort(dir: string, reply: Reply): SmartsyncError {
  return new SmartsyncError(`could not list ${dir || "/"}: the server left entries out ("${reply.message}")`, {
    kind: "config",
    code: "listing-truncated",
    hint: "raise the server's limit on listings (Pure-FTPd: LimitRecursion), or have fewer files in one directory",
  });
}
