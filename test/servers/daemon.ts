import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A running server program. */
export interface Daemon {
  /** Ends it and every process it started, at once. */
  stop(): Promise<void>;
}

/** What to run. */
export interface DaemonOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The port on 127.0.0.1 it will listen on: it counts as started from then on. */
  readonly port: number;
  /** Where its standard output and standard error go. */
  readonly outputFile: string;
}

/**
 * The first process of a pid namespace: when it ends, the kernel ends every process in there, and `unshare` only
 * after them. It ends with the server, or when standard input closes, which the kernel sees to even if the test
 * process is killed.
 */
const GUARD = `
  exec 3<&0
  "$@" </dev/null 3<&- & server=$!
  { cat <&3 >/dev/null; kill -s KILL $server; } &
  wait $server
`;

/** True when a socket listens on the port of 127.0.0.1. Asks the kernel: a connection would count at the server. */
function isListening(port: number): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`;
  return readFileSync("/proc/net/tcp", "utf8").includes(address);
}

/** Starts a server program that stays in the foreground, and waits until it listens. Throws what it printed if it won't. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const output = openSync(options.outputFile, "a");
  const child = spawn("unshare", ["--pid", "--fork", "--kill-child", "sh", "-c", GUARD, "guard", ...options.argv], {
    detached: true,
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ["pipe", output, output],
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.stdin?.destroy();
    await ended;
  };
  const deadline = Date.now() + 60_000;
  while (!isListening(options.port)) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${options.argv.join(" ")}\ndid not start:\n${readFileSync(options.outputFile, "utf8")}`);
    }
    await delay(30);
  }
  return { stop };
}
