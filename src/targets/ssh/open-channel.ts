import { setTimeout as delay } from "node:timers/promises";
import type { ClientChannel, SFTPWrapper } from "ssh2";
import { SmartsyncError } from "../../lib/errors.ts";
import type { HopConnection } from "./connect-hop.ts";
import { failWhenClosed } from "./fail-when-closed.ts";
import { joinRequests } from "./join-requests.ts";
import { connectionLost } from "./line-failures.ts";

type Opened<Channel> = (error: Error | undefined, channel: Channel) => void;

/** A server counts a channel for a moment after it was closed. */
const WAITS_MS = [50, 200, 500];

/** Opens the SFTP subsystem. */
export async function openSftp(connection: HopConnection, place: string): Promise<SFTPWrapper> {
  try {
    const sftp = await open<SFTPWrapper>(connection, place, (done) => connection.client.sftp(done));
    return joinRequests(failWhenClosed(sftp, place));
  } catch (error) {
    if (!(error instanceof SmartsyncError)) throw noSftp(place, error);
    // ssh2 takes text that begins with a byte above 0x7f (UTF-8) for a negative length, and stumbles over it.
    throw error.cause instanceof TypeError ? shellWritesText(place, "", error) : error;
  }
}

/** Hands a command line to the user's shell. */
export async function openExec(connection: HopConnection, command: string, place: string): Promise<ClientChannel> {
  try {
    return await open<ClientChannel>(connection, place, (done) => connection.client.exec(command, done));
  } catch (error) {
    if (error instanceof SmartsyncError) throw error;
    throw new SmartsyncError(`could not run a command on ${place}: the server refuses to`, {
      kind: "config",
      code: "no-shell",
      hint: "the account has no shell: use type: sftp without releases and hooks, or ask the server's owner",
      cause: error,
    });
  }
}

async function open<Channel>(
  connection: HopConnection,
  place: string,
  start: (done: Opened<Channel>) => unknown,
): Promise<Channel> {
  for (const wait of [...WAITS_MS, undefined]) {
    if (connection.lost) throw connection.lost;
    const { promise, resolve, reject } = Promise.withResolvers<Channel>();
    try {
      start((error, channel) => (error ? reject(error) : resolve(channel)));
      return await promise;
    } catch (error) {
      if (connection.lost) throw connection.lost;
      if (!isOpenFailure(error)) throw error;
      if (wait === undefined) throw tooManyChannels(place, error);
      await delay(wait);
    }
  }
  throw connectionLost(place);
}

/** The server refused the channel itself (RFC 4254, 5.1), not what was to be started in it. */
function isOpenFailure(error: unknown): error is Error {
  return error instanceof Error && "reason" in error;
}

function tooManyChannels(place: string, cause: Error): SmartsyncError {
  return new SmartsyncError(
    `could not open a channel to ${place}: ${cause.message.replace("(SSH) Channel open failure: ", "the server says ")}`,
    {
      kind: "config",
      code: "too-many-channels",
      hint: "the server allows too few sessions on a connection: raise MaxSessions in its sshd_config; 10 is the default",
      cause,
    },
  );
}

function noSftp(place: string, cause: unknown): SmartsyncError {
  const why = cause instanceof Error ? cause.message : String(cause);
  // The first four bytes of what was not SFTP were taken for a length.
  const [, length] = /Packet length (-?\d+) exceeds/.exec(why) ?? [];
  if (length !== undefined) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(Number(length) | 0);
    const start = bytes
      .toString("latin1")
      .replace(/[^ -~]/g, " ")
      .trimEnd();
    return shellWritesText(place, `, which begins with "${start}"`, cause);
  }
  return new SmartsyncError(`could not speak SFTP with ${place}: the server does not offer it (${why})`, {
    kind: "config",
    code: "no-sftp",
    hint: "ask the server's owner for the line: Subsystem sftp internal-sftp",
    cause,
  });
}

function shellWritesText(place: string, beginning: string, cause: unknown): SmartsyncError {
  return new SmartsyncError(
    `could not speak SFTP with ${place}: the account's shell writes text of its own${beginning}`,
    {
      kind: "config",
      code: "shell-writes-text",
      hint: "on the server, let the start-up files of the shell (.bashrc, .zshenv, .cshrc) write nothing when they are not at a terminal; try it with: ssh <host> true",
      cause,
    },
  );
}
