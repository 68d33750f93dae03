import { type ErrorDetails, SmartsyncError } from "../../lib/errors.ts";

/** What a server answered to one command: RFC 959's three digits, and the whole text with them. */
export interface Reply {
  readonly code: number;
  readonly message: string;
}

const MISSING =
  /no such (?:file|directory|folder)|not found|does(?:n't| not) exist|not a directory|cannot find|ありません|見つかりません|見つからない|存在しません|存在しない/i;
const EXISTS = /exist|already|既に|存在します/i;
const DENIED = /denied|permission|not permitted|not allowed|read-only|forbidden|prohibited|許可|拒否|権限/i;
const DISK_FULL = /no space|disk full|disk is full|quota|exceeded storage|insufficient storage|容量|ディスク/i;
/** How vsftpd, Pure-FTPd and ProFTPD say 451 when the disk takes no more; sending it again at once is of no use. */
const NOT_WRITTEN = /failure writing to local file|error during write to file|input\/output error/i;
const TOO_MANY = /too many|maximum (?:number|login)|limit|no more connections|users? .*already connected|接続数/i;

/** True for a reply that means the command was carried out. */
export function isDone(reply: Reply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

/** True for a reply that says the command itself is unknown or not to be had here (500, 501, 502, 504). */
export function isUnsupported(reply: Reply): boolean {
  return reply.code >= 500 && reply.code <= 504 && reply.code !== 503;
}

/** True only when the server says in words that the file or a directory above it does not exist. */
export function saysMissing(reply: Reply, path: string): boolean {
  return reply.code >= 450 && MISSING.test(withoutPath(reply.message, path)) && !saysDenied(reply, path);
}

/** True when the server says in words that the directory it was to make is there already. */
export function saysExists(reply: Reply, path: string): boolean {
  const text = withoutPath(reply.message, path);
  return reply.code === 521 || (reply.code >= 500 && EXISTS.test(text) && !MISSING.test(text));
}

/** True when the server refuses for want of permission. */
export function saysDenied(reply: Reply, path: string): boolean {
  return reply.code >= 500 && DENIED.test(withoutPath(reply.message, path));
}

/** True for a greeting or login refused because of too many connections. */
export function saysTooMany(reply: Reply): boolean {
  return reply.code === 421 || (reply.code >= 400 && TOO_MANY.test(reply.message));
}

/** The data port of an EPSV reply (RFC 2428; some servers write "!" for "|"); undefined when there is none. */
export function parseEpsv(reply: Reply): number | undefined {
  const port = /[|!]{3}(\d{1,5})[|!]/.exec(reply.message)?.[1];
  return reply.code === 229 && port ? Number(port) : undefined;
}

/**
 * The data port of a PASV reply (RFC 959). The address in it is left unread: behind NAT it is wrong, and a server
 * has no business sending us to another host.
 */
export function parsePasv(reply: Reply): number | undefined {
  const found = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})/.exec(reply.message);
  return reply.code === 227 && found ? Number(found[1]) * 256 + Number(found[2]) : undefined;
}

/** The failure a reply means, told as "could not <doing> <path>: <what the server said>". */
export function replyError(doing: string, path: string, reply: Reply): SmartsyncError {
  const said = reply.message.replaceAll(/\s*\n\s*/g, " / ");
  return new SmartsyncError(`could not ${doing} ${path}: the server says "${said}"`, details(reply, path));
}

function details(reply: Reply, path: string): ErrorDetails {
  const { code } = reply;
  const text = withoutPath(reply.message, path);
  if (code === 452 || code === 552 || DISK_FULL.test(text) || NOT_WRITTEN.test(text)) {
    return {
      kind: "config",
      code: "disk-full",
      hint: "the server could not write: free space on its disk or raise the quota, then run it again",
    };
  }
  if (code === 522) return { kind: "transient", code: "tls-session-refused" };
  // The data connection broke, in whatever words: ProFTPD says "Operation not permitted" when a handshake ends early.
  if (code === 425 || code === 426) return { kind: "transient", code: "data-connection-lost" };
  if (code === 530 || code === 532) {
    return { kind: "auth", code: "login-refused", hint: "check user and password, and whether this account may write" };
  }
  if (/is a directory/i.test(text)) return { kind: "conflict", code: "is-a-directory" };
  if (/not a directory/i.test(text)) return { kind: "conflict", code: "not-a-directory" };
  if (code >= 400 && code < 500 && !DENIED.test(text)) {
    const hint = "run it again later; if it stays so, see whether the server's disk is full";
    return { kind: "transient", code: "server-busy", hint };
  }
  if (isUnsupported(reply)) return { kind: "config", code: "not-supported" };
  const hint = "give the FTP user write access there, or see whether a file is where a directory must be";
  return { kind: "config", code: "permission-denied", hint };
}

/** A file may be called "No such file.html": what the server says of a path is judged without the path. */
function withoutPath(message: string, path: string): string {
  return message.replaceAll(path, "").replaceAll(path.slice(path.lastIndexOf("/") + 1) || path, "");
}
