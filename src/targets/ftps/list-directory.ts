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
  /** Permission bits. */
  readonly mode?: number;
}

/** A directory as the server shows it. */
export interface Listing {
  readonly entries: readonly Entry[];
  /** Names that begin with a dot are shown too, so that their absence means something. */
  readonly showsDotFiles: boolean;
  /** Every other name is shown. False for LIST without a line: so an unreadable directory looks too. */
  readonly showsFiles: boolean;
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
    if (command === "MLSD" && isUnsupported(reply)) server.mlsd = false;
    if (isUnsupported(reply) || (command === LIST_ALL && (reply.code >= 500 || content.length === 0))) continue;
    // vsftpd: "226 Transfer done (but failed to open directory)."
    if (!isDone(reply) || /fail/i.test(reply.message)) throw replyError("list", dir || "/", reply);
    if (/truncated/i.test(reply.message)) throw cutShort(dir, reply);
    const listing = readListing(server.codec.decode(content));
    return { ...listing, showsFiles: command === "MLSD" || content.length > 0 };
  }
  throw new SmartsyncError(`could not list ${dir || "/"}: the server knows none of MLSD, LIST -a and LIST`, {
    kind: "config",
    code: "not-supported",
  });
}

/** What the text of a listing says; throws (kind config) when a line of it can't be understood: it might be a file. */
export function readListing(text: string): Pick<Listing, "entries" | "showsDotFiles"> {
  const found = parse(text);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("total"));
  const selves = lines.filter((line) => /\s\.{1,2}$/.test(line) || /^(\S*;)?type=[cp]dir;/i.test(line)).length;
  const isList = lines.some((line) => !line.includes("="));
  if (isList && found.length + selves < lines.length) throw unreadable();
  const entries = found
    .filter(({ name }) => name !== "." && name !== ".." && name !== "" && !name.includes("/"))
    .map(({ name, isDirectory, size, modifiedAt, permissions }) => ({
      ...{ name, isDirectory, size },
      ...(modifiedAt ? { mtimeMs: modifiedAt.getTime() } : {}),
      ...(permissions ? { mode: permissions.user * 64 + permissions.group * 8 + permissions.world } : {}),
    }));
  return { entries, showsDotFiles: selves > 0 || entries.some(({ name }) => name.startsWith(".")) };
}

function parse(text: string): ReturnType<typeof parseList> {
  try {
    return parseList(text);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause?: unknown): SmartsyncError {
  return new SmartsyncError("could not read the server's listing: its format is unknown", {
    kind: "config",
    code: "listing-unreadable",
    cause,
  });
}

function cutShort(dir: string, reply: Reply): SmartsyncError {
  return new SmartsyncError(`could not list ${dir || "/"}: the server left entries out ("${reply.message}")`, {
    kind: "config",
    code: "listing-truncated",
    hint: "raise the server's limit on listings (Pure-FTPd: LimitRecursion), or have fewer files in one directory",
  });
}
