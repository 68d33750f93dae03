import { SmartsyncError } from "../../../lib/errors.ts";
import { connectionLost } from "../line-failures.ts";
import type { ServerSide } from "./bridge.ts";

/** How an rsync ended that did not do its work. */
export interface RsyncEnding {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  /** What it wrote to standard error, the server's messages included. */
  readonly complaint: string;
  /** undefined when it was never reached. */
  readonly server: ServerSide | undefined;
  /** The server, for messages. */
  readonly place: string;
}

type Details = Pick<SmartsyncError, "kind" | "code"> & { readonly hint: string };

const AGAIN = "run the same command again; only what is missing is sent";

/** What the text says, whatever the code is: "errno" texts are the C library's. */
const BY_TEXT: readonly (readonly [RegExp, Details])[] = [
  [
    /No space left on device|Disk quota exceeded/,
    { kind: "config", code: "disk-full", hint: "free space on the server, then run it again" },
  ],
  [
    /is your shell clean|protocol version mismatch/,
    {
      kind: "config",
      code: "shell-writes-text",
      hint: "on the server, let the start-up files of the shell (.bashrc, .zshenv, .cshrc) write nothing when they are not at a terminal; try it with: ssh <host> true",
    },
  ],
  [
    /Permission denied|Operation not permitted|Read-only file system/,
    { kind: "config", code: "permission-denied", hint: "give the user that logs in write access there" },
  ],
  [
    /unknown option|invalid option|unrecognized option/,
    { kind: "config", code: "rsync-too-old", hint: "install rsync 3.1 or newer on both sides, or set type: sftp" },
  ],
];

const BUSY: Details = { kind: "transient", code: "rsync-interrupted", hint: AGAIN };
const UNABLE: Details = {
  kind: "config",
  code: "rsync-failed",
  hint: "what rsync said is quoted; type: sftp does without rsync",
};
const INCOMPLETE: Details = { kind: "partial", code: "rsync-incomplete", hint: AGAIN };

/** By exit code, rsync(1) "EXIT VALUES"; what is not here is taken for `UNABLE`. */
const BY_CODE: Readonly<Record<number, Details>> = {
  ...{ 10: BUSY, 12: BUSY, 14: BUSY, 19: BUSY, 20: BUSY, 21: BUSY, 30: BUSY, 35: BUSY, 255: BUSY },
  ...{ 23: INCOMPLETE, 24: INCOMPLETE },
};

/** rsync's end as an error that says why and what to do. */
export function rsyncFailure(ending: RsyncEnding): SmartsyncError {
  const { exitCode, server, place } = ending;
  if (server?.exitCode === 127 || server?.exitCode === 126) return serverLacksRsync(place, server.stderr);
  const said = `${server?.stderr ?? ""}${ending.complaint}`;
  const details = BY_TEXT.find(([text]) => text.test(said))?.[1];
  if (details === undefined && server !== undefined && server.exitCode === undefined) {
    return connectionLost(place, "while rsync was sending");
  }
  const code = exitCode === 0 && server ? server.exitCode : exitCode;
  const why = code == null ? `it was ended by ${ending.signalCode ?? "a signal"}` : `it ended with code ${code}`;
  const quoted = lastLines(said);
  return new SmartsyncError(
    `could not send files to ${place} by rsync: ${why}${quoted && `; it said:${quoted}`}`,
    details ?? (code == null ? BUSY : (BY_CODE[code] ?? UNABLE)),
  );
}

/** The server has no rsync, or none where it was looked for; `stderr` is what its shell says of it. */
export function serverLacksRsync(place: string, stderr: string): SmartsyncError {
  const quoted = lastLines(stderr);
  return new SmartsyncError(`there is no rsync on ${place}${quoted && `; its shell says:${quoted}`}`, {
    kind: "config",
    code: "rsync-missing",
    hint: "install the package rsync there, or name the program with rsyncPath; where neither is possible, set type: sftp, or fallback: sftp",
  });
}

/** The last few lines that say something, one below the other, without what could play tricks with a terminal. */
function lastLines(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/[\x00-\x1f\x7f-\x9f]/g, "").trim());
  // Where rsync's own source noticed it is of no use to anybody here.
  const telling = lines.filter((line) => line !== "" && !line.startsWith("rsync error:"));
  return telling
    .slice(-4)
    .map((line) => `\n  ${line.slice(0, 300)}`)
    .join("");
}
