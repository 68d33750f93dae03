import { SmartsyncError } from "../../lib/errors.ts";
import type { Hop } from "./resolve-hops.ts";

/** What was under way on a connection that broke. The same call may succeed on the next one. */
export function connectionLost(place: string, why?: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`the connection to ${place} was lost${why ? `: ${why}` : ""}`, {
    kind: "transient",
    code: "connection-lost",
    hint: "see whether the server was restarted, and whether the network is up",
    cause,
  });
}

/** The error of everything that was under way when it was told to stop. */
export function stopped(): SmartsyncError {
  return new SmartsyncError("stopped before it was finished", { kind: "aborted", code: "aborted" });
}

/** The server has been silent for longer than `timeout` allows. */
export function silentFor(hop: Hop, timeoutMs: number, connected: boolean): SmartsyncError {
  const seconds = timeoutMs / 1000;
  if (connected) {
    return new SmartsyncError(`the server ${hop.place} has been silent for ${seconds} seconds`, {
      kind: "transient",
      code: "timeout",
      hint: "see whether the network is up; `timeout` can be longer for a slow server",
    });
  }
  return connectFailed(hop, `no answer in ${seconds} seconds`);
}

/** A failure of the socket before SSH is spoken: what the system says of the name or the address. */
export function socketFailure(hop: Hop, cause: unknown): SmartsyncError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOTFOUND") {
    return new SmartsyncError(`could not find ${hop.host}: no such host`, {
      kind: "config",
      code: "host-not-found",
      hint: "see whether `host` is spelt right, and whether this machine can look up names",
      cause,
    });
  }
  // A name with several addresses fails with one error for each.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return connectFailed(hop, first instanceof Error ? first.message : String(first), cause);
}

/** No connection came about; a later try may succeed. */
export function connectFailed(hop: Hop, why: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`could not connect to ${hop.host} at port ${hop.port}: ${why}`, {
    kind: "transient",
    code: "connect-failed",
    hint: "see whether host and port are right and a firewall lets them through",
    cause,
  });
}

/** Something else than an SSH server listens there; `heard` is how it began. */
export function notSsh(hop: Hop, heard: string): SmartsyncError {
  const line = heard.split(/[\r\n]/)[0]?.slice(0, 60) ?? "";
  return new SmartsyncError(
    `could not connect to ${hop.host} at port ${hop.port}: no SSH server answers, but "${line}"`,
    {
      kind: "config",
      code: "not-ssh",
      hint: "see whether `port` is the SSH server's; it is mostly 22",
    },
  );
}

/** A handshake that failed: nothing in common, or a server that breaks the rules. */
export function handshakeFailure(hop: Hop, cause: Error): SmartsyncError {
  const [, what] = /no matching (.*)/i.exec(cause.message) ?? [];
  if (what === undefined) return connectFailed(hop, cause.message, cause);
  return new SmartsyncError(`could not agree with ${hop.host} on how to encrypt: no ${what} that both know`, {
    kind: "config",
    code: "no-common-algorithms",
    hint: "the server is either very old or allows only what is very new; ask its owner to allow curve25519-sha256, aes128-gcm@openssh.com or aes128-ctr, and an Ed25519, ECDSA or RSA host key",
    cause,
  });
}
