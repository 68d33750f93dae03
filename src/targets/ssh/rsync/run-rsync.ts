import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { stopped } from "../line-failures.ts";
import type { LineCtx, SshLine } from "../ssh-line.ts";
import { type BridgeEnds, joinBridge } from "./bridge.ts";
import { rsyncEnv } from "./find-rsync.ts";
import { rsyncFailure } from "./rsync-failure.ts";
import { parseRsyncOutput, type RsyncNews } from "./rsync-output.ts";

/** A running rsync, and its other side on the server. Disposing kills what still runs. */
export interface RsyncRun extends AsyncDisposable {
  /** Adds a name to the list of what is to be sent. */
  send(id: string): void;
  /** Ends the list, and resolves when everything on it is on the server; rejects with what went wrong. */
  finish(): Promise<void>;
}

/** Of what rsync complains, so much is kept: the end. */
const STDERR_CHARACTERS = 8 * 1024;

/** Starts rsync, which starts the server's through the line. Aborting kills it. */
export function startRsync(args: readonly string[], line: SshLine, ctx: LineCtx, news: RsyncNews): RsyncRun {
  // In a process group of its own: killed as a whole, and out of reach of Ctrl-C, which is for us to answer.
  const child = spawn("rsync", args, { stdio: new Array(6).fill("pipe"), env: rsyncEnv(), detached: true });
  const pipes: readonly unknown[] = child.stdio;
  const [stdin, stdout, stderr, fromServer, toServer, words] = pipes;
  const ends: BridgeEnds = { fromServer: writable(fromServer), toServer: readable(toServer), words: readable(words) };
  const list = writable(stdin);
  let complaint = "";
  readable(stdout).setEncoding("utf8").on("data", parseRsyncOutput(news.begun));
  readable(stderr)
    .setEncoding("utf8")
    .on("data", (text: string) => {
      complaint = (complaint + text).slice(-STDERR_CHARACTERS);
    });
  // A pipe breaks where rsync has ended, and its exit tells why.
  for (const pipe of [list, ...Object.values(ends)]) pipe.on("error", () => undefined);

  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, "SIGKILL");
    }
  };
  const bridge = joinBridge(ends, line, ctx);
  bridge.then(() => {
    // Not before: bytes flow as soon as somebody listens.
    ends.toServer.on("data", (chunk: Buffer) => news.passed(chunk.length));
  }, kill);
  ctx.signal.addEventListener("abort", kill, { once: true });
  if (ctx.signal.aborted) kill();
  const exited = once(child, "exit").finally(() => {
    ctx.signal.removeEventListener("abort", kill);
    for (const end of Object.values(ends)) end.destroy();
  });
  const ended = Promise.all([exited, once(child, "close")]).then(async () => {
    const server = await (await bridge)?.close();
    if (ctx.signal.aborted) throw stopped();
    const { exitCode, signalCode } = child;
    // What failed over there is told by the server's exit code alone, which ssh would have handed to rsync.
    if (exitCode !== 0 || server?.exitCode !== 0)
      throw rsyncFailure({ exitCode, signalCode, complaint, server, place: line.place });
  });
  // Whoever is still writing the list learns of a failure when it is finished.
  ended.catch(() => undefined);
  return {
    send: (id) => list.write(`${id}\0`),
    finish() {
      list.end();
      return ended;
    },
    async [Symbol.asyncDispose]() {
      kill();
      await Promise.allSettled([ended]);
    },
  };
}

function readable(pipe: unknown): Readable {
  if (pipe instanceof Readable) return pipe;
  throw new TypeError("rsync was started without its pipes");
}

function writable(pipe: unknown): Writable {
  if (pipe instanceof Writable) return pipe;
  throw new TypeError("rsync was started without its pipes");
}
