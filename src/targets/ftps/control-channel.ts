import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { FTPContext, FTPError, type FTPResponse } from "basic-ftp";
import { SmartsyncError } from "../../lib/errors.ts";
import type { NameCodec } from "./name-codec.ts";
import type { Reply } from "./replies.ts";

/** An FTP control connection on which commands need not wait for one another's replies. */
export interface ControlChannel {
  readonly socket: Socket | TLSSocket;
  /** The TLS session for the next data connection to resume. */
  session: Buffer | undefined;
  /** Why the connection is no more; undefined while it lives. */
  readonly lost: SmartsyncError | undefined;
  /** The server's first reply, which answers no command. */
  greeting(): Promise<Reply>;
  /**
   * Sends a command; resolves with its final reply, also when that is a refusal. Commands that are sent before the
   * replies to earlier ones follow them at once. `onMark` is called for a preliminary reply (1xx). Rejects only when
   * the connection is lost.
   */
  send(command: string, onMark?: () => void): Promise<Reply>;
  /** Sends many commands, at most 64 unanswered at a time; their replies in order. */
  sendAll(commands: readonly string[]): Promise<Reply[]>;
  /** Goes on over TLS. Whatever was received in the clear and is not yet read is thrown away. */
  upgrade(socket: TLSSocket): void;
  /** How long a reply may take from now on, in ms; 0 while a data connection shows that the server lives. */
  setPatience(ms: number): void;
  /** Drops the connection at once; every waiting command rejects with this error. */
  destroy(error: SmartsyncError): void;
  /** Calls the listener once: when the connection is lost, or now when it already is. */
  onLost(listener: (error: SmartsyncError) => void): void;
}

const WINDOW = 64;
const LONGEST_LINE = 65_536;

/** basic-ftp's control connection, made safe for replies that arrive in pieces: it would lose half a line. */
class WholeLines extends FTPContext {
  #rest = "";

  protected override _onControlSocketData(chunk: string): void {
    const text = this.#rest + chunk;
    const end = text.lastIndexOf("\n") + 1;
    this.#rest = text.slice(end);
    if (this.#rest.length > LONGEST_LINE) this.closeWithError(new Error("the server sends a line without end"));
    else if (end > 0) super._onControlSocketData(text.slice(0, end));
  }

  upgradeTo(socket: TLSSocket): void {
    this.#rest = "";
    this.socket = socket;
  }
}

interface Expected {
  onMark: (() => void) | undefined;
  resolve(reply: Reply): void;
  reject(error: SmartsyncError): void;
}

/** Speaks FTP on a socket that is connected or connecting. `timeoutMs` is how long any reply may take. */
export function createControlChannel(
  socket: Socket | TLSSocket,
  host: string,
  codec: NameCodec,
  timeoutMs: number,
): ControlChannel {
  const context = new WholeLines(timeoutMs, "latin1");
  context.socket = socket;
  const expected: Expected[] = [];
  const listeners: ((error: SmartsyncError) => void)[] = [];
  const outbox: string[] = [];
  let writing = false;
  let patienceMs = timeoutMs;
  let lost: SmartsyncError | undefined;

  // One task for the whole life of the connection: replies answer commands in the order they were sent.
  void context.handle(undefined, (response) => {
    if (response instanceof FTPError || !(response instanceof Error)) accept(response);
    else fail(response);
  });
  watch();

  function accept({ code, message }: FTPResponse): void {
    if (code < 200) {
      expected[0]?.onMark?.();
      return;
    }
    const reply = { code, message: codec.fromWire(message) };
    const next = expected.shift();
    watch();
    if (next) next.resolve(reply);
    // A reply nobody asked for is a goodbye: "421 Timeout."
    else context.closeWithError(new Error(`the server said goodbye: ${reply.message}`));
  }

  function fail(error: Error): void {
    if (lost) return;
    lost = error instanceof SmartsyncError ? error : connectionLost(host, error);
    for (const { reject } of expected.splice(0)) reject(lost);
    for (const listener of listeners.splice(0)) listener(lost);
  }

  function watch(): void {
    if (!lost) context.socket.setTimeout(expected.length > 0 ? patienceMs : 0);
  }

  function expect(onMark?: () => void): Promise<Reply> {
    if (lost) return Promise.reject(lost);
    const reply = new Promise<Reply>((resolve, reject) => expected.push({ onMark, resolve, reject }));
    watch();
    return reply;
  }

  function send(command: string, onMark?: () => void): Promise<Reply> {
    if (/[\r\n\0]/.test(command)) return Promise.reject(badName(command));
    const reply = expect(onMark);
    outbox.push(codec.toWire(command));
    if (!writing) writeNext();
    return reply;
  }

  /**
   * Each command in a TLS record of its own: servers that read a part of a record look for the rest on the network,
   * where there is nothing any more, and wait for ever. Pure-FTPd reads 4 KiB of a record, ProFTPD less.
   */
  function writeNext(): void {
    const command = lost ? undefined : outbox.shift();
    writing = command !== undefined;
    if (command !== undefined) context.socket.write(`${command}\r\n`, "latin1", writeNext);
  }

  return {
    get socket() {
      return context.socket;
    },
    get session() {
      const { socket } = context;
      return context.tlsSessionStore ?? (socket instanceof TLSSocket ? socket.getSession() : undefined);
    },
    set session(session) {
      context.tlsSessionStore = session;
    },
    get lost() {
      return lost;
    },
    greeting: () => expect(),
    send,
    sendAll(commands) {
      const replies: Promise<Reply>[] = [];
      for (const command of commands) {
        const earlier = replies[replies.length - WINDOW];
        replies.push(earlier ? earlier.then(() => send(command)) : send(command));
      }
      return Promise.all(replies);
    },
    upgrade(secured) {
      context.upgradeTo(secured);
      watch();
    },
    setPatience(ms) {
      patienceMs = ms;
      watch();
    },
    destroy: (error) => context.closeWithError(error),
    onLost(listener) {
      if (lost) listener(lost);
      else listeners.push(listener);
    },
  };
}

function connectionLost(host: string, cause: Error): SmartsyncError {
  const code = /^Timeout \(/.test(cause.message) ? "timeout" : "connection-lost";
  return new SmartsyncError(`the connection to ${host} was lost: ${cause.message}`, { kind: "transient", code, cause });
}

function badName(command: string): SmartsyncError {
  const secret = /^(USER|PASS) /.test(command);
  const what = secret ? "the user's name or password" : JSON.stringify(command.slice(command.indexOf(" ") + 1));
  return new SmartsyncError(`FTP can't carry ${what}: it holds a line break`, { kind: "config", code: "bad-name" });
}
