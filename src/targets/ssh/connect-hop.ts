import type { Duplex } from "node:stream";
import { type Algorithms, Client } from "ssh2";
import type { SmartsyncError } from "../../lib/errors.ts";
import type { HostKeyCheck } from "./host-key-check.ts";
import type { HostKeyAlgorithm } from "./judge-host-key.ts";
import {
  connectFailed,
  connectionLost,
  handshakeFailure,
  notSsh,
  silentFor,
  socketFailure,
  stopped,
} from "./line-failures.ts";
import { createLoginAttempt } from "./login-attempt.ts";
import type { LoginWays } from "./login-ways.ts";
import { prepareKeys } from "./prepare-keys.ts";
import type { Hop } from "./resolve-hops.ts";
import { watchForLife } from "./watch-for-life.ts";

/** A server that we are logged in to. */
export interface HopConnection {
  readonly client: Client;
  /** "OpenSSH_9.2p1", "aes128-gcm@openssh.com", what vouched for the host key, what was logged in with. */
  readonly features: readonly string[];
  /** Why it is gone; undefined while it is there. */
  readonly lost: SmartsyncError | undefined;
  /** Says goodbye and closes, without waiting for the server. */
  close(): Promise<void>;
}

/** What is needed to log in to a server. */
export interface HopLogin {
  readonly hop: Hop;
  readonly ways: LoginWays;
  readonly check: HostKeyCheck;
}

/** AES-GCM is what OpenSSL does fastest and needs no MAC; the others are for old servers. */
const CIPHERS: NonNullable<Algorithms["cipher"]> = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
  "aes128-ctr",
  "aes256-ctr",
];
const GOODBYE_MS = 500;

/** Shakes hands over a socket that is connected or connecting, checks the host key, logs in. */
export async function connectHop(
  { hop, ways, check }: HopLogin,
  socket: Duplex,
  hostKeys: readonly HostKeyAlgorithm[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HopConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = new Client();
  prepareKeys(client);
  const attempt = createLoginAttempt(hop, ways);
  const features: string[] = [];
  let lost: SmartsyncError | undefined;
  let ready = false;
  let shaken = false;

  const fail = (error: SmartsyncError): void => {
    lost ??= error;
    reject(lost);
    socket.destroy();
  };
  const abort = (): void => fail(stopped());
  const life = watchForLife(socket, timeoutMs, (heard) => fail(silentFor(hop, timeoutMs, heard !== "")));

  client.on("handshake", ({ cs }) => {
    shaken = true;
    features.push(cs.cipher);
  });
  client.on("ready", () => {
    ready = true;
    resolve();
  });
  client.on("error", (error: Error & { level?: string; code?: unknown }) => {
    // One way of several failed on this side; ssh2 goes on with the next.
    const goesOn = error.level === "agent" || error.level === "client-authentication";
    if (!ready && goesOn && !attempt.exhausted) attempt.note(lowerFirst(error.message));
    else fail(explain(error));
  });
  client.on("close", () => {
    life.stop();
    fail(ready ? connectionLost(hop.place) : connectFailed(hop, "the server hung up"));
  });

  function explain(error: Error & { level?: string; code?: unknown }): SmartsyncError {
    if (ready) return connectionLost(hop.place, lowerFirst(error.message), error);
    if (error.level === "client-authentication") return attempt.refusal();
    // A number is the reason of a disconnect message (RFC 4253, 11.1).
    if (shaken && typeof error.code === "number") return attempt.refusal(error.message);
    if (shaken) return connectFailed(hop, `the server hung up during the login (${error.message})`, error);
    if (life.heard !== "" && !/^SSH-/m.test(life.heard)) return notSsh(hop, life.heard);
    if (error.level === "client-socket") return socketFailure(hop, error);
    if (error.level === "handshake") return handshakeFailure(hop, error);
    return connectFailed(hop, lowerFirst(error.message), error);
  }

  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) throw stopped();
    // A socket that was opened ahead may have failed before anybody looked.
    if (socket.errored) throw socketFailure(hop, socket.errored);
    client.connect({
      sock: socket,
      username: hop.user,
      authHandler: attempt.next,
      // Dead peers are noticed by their silence: ssh2 only has to ask now and then.
      readyTimeout: 0,
      keepaliveInterval: Math.ceil(timeoutMs / 3),
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: { cipher: CIPHERS, serverHostKey: [...hostKeys], compress: ["none"] },
      hostVerifier(key: Buffer, verify: (trusted: boolean) => void) {
        // At once: with an answer that comes later, ssh2 breaks a connection that sends while keys are exchanged anew.
        if (check.isAccepted(key)) return verify(true);
        // A person who is asked takes time, in which the server waits silently.
        life.pause();
        check.accept(key).then(() => {
          life.resume();
          verify(true);
        }, fail);
      },
    });
    life.start();
    await promise;
  } catch (error) {
    life.stop();
    client.destroy();
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
  const software = /^SSH-[\d.]+-(\S+)/m.exec(life.heard)?.[1];
  if (software) features.unshift(software);
  features.push(check.vouched);
  if (attempt.accepted) features.push(attempt.accepted.label);
  return {
    client,
    features,
    get lost() {
      return lost;
    },
    async close() {
      lost ??= stopped();
      life.stop();
      const { promise: flushed, resolve: done } = Promise.withResolvers<void>();
      const limit = setTimeout(done, GOODBYE_MS);
      socket.once("finish", done).once("close", done);
      client.end();
      if (socket.writableFinished || socket.destroyed) done();
      await flushed;
      clearTimeout(limit);
      socket.destroy();
    },
  };
}

function lowerFirst(text: string): string {
  return `${text[0]?.toLowerCase() ?? ""}${text.slice(1)}`;
}
