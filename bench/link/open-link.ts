import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, type RunOptions, run, runChecked } from "../run-command.ts";

/** One of a wire's two ends. */
export type Side = "client" | "server";

/** What lies between a tool and the server it delivers to. */
export interface Wire extends AsyncDisposable {
  readonly clientAddress: string;
  readonly serverAddress: string;
  /** The command that runs `argv` at one end of the wire. */
  command(side: Side, argv: readonly string[]): string[];
  /** Runs `argv` at one end of the wire, to its end. */
  run(side: Side, argv: readonly string[], options?: RunOptions): Promise<Outcome>;
}

/** Two network namespaces and the slow wire between them. */
export interface Link extends Wire {
  /** Names of the network namespaces, as `ip netns` knows them. */
  readonly client: string;
  readonly server: string;
  /** Takes the link down, with its namespaces. Whatever still runs in them loses its network. */
  close(): Promise<void>;
}

const DEVICE = "slow0";
const ADDRESSES: Readonly<Record<Side, string>> = { client: "10.77.0.1", server: "10.77.0.2" };
let opened = 0;

/**
 * Opens a link on which every packet takes `delayMs` each way: a round trip of 2 × delayMs. Needs root, gcc and
 * iproute2. Several may be open at once, also by several processes.
 */
export async function openLink({ delayMs }: { delayMs: number }): Promise<Link> {
  const name = `smartsync-${process.pid}-${opened++}`;
  const netns: Readonly<Record<Side, string>> = { client: `${name}-client`, server: `${name}-server` };
  const scratch = await mkdtemp(join(tmpdir(), `${name}-`));
  let forwarder: ChildProcess | undefined;

  const command = (side: Side, argv: readonly string[]) => ["ip", "netns", "exec", netns[side], ...argv];
  const close = async () => {
    // The namespaces go first: they are what would be left behind if this were cut short.
    for (const namespace of Object.values(netns)) await run(["ip", "netns", "delete", namespace]);
    if (forwarder?.exitCode === null) {
      forwarder.stdin?.end();
      await once(forwarder, "exit");
    }
    await rm(scratch, { recursive: true, force: true });
  };

  try {
    for (const namespace of Object.values(netns)) await runChecked(["ip", "netns", "add", namespace]);
    forwarder = await startForwarder(scratch, netns, delayMs);
    for (const side of ["client", "server"] as const) {
      const peer = ADDRESSES[side === "client" ? "server" : "client"];
      for (const argv of [
        ["ip", "link", "set", "lo", "up"],
        ["ip", "address", "add", ADDRESSES[side], "peer", peer, "dev", DEVICE],
        ["ip", "link", "set", DEVICE, "mtu", "1500", "txqueuelen", "10000", "up"],
        // What one connection learned of the path must not make the next tool's connections faster.
        ["sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1"],
      ]) {
        await runChecked(command(side, argv));
      }
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    ...netns,
    clientAddress: ADDRESSES.client,
    serverAddress: ADDRESSES.server,
    command,
    run: (side, argv, options) => run(command(side, argv), options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Compiles delay.c and starts it; resolves when both devices exist. */
async function startForwarder(
  scratch: string,
  netns: Readonly<Record<Side, string>>,
  delayMs: number,
): Promise<ChildProcess> {
  const program = join(scratch, "delay");
  const source = fileURLToPath(new URL("delay.c", import.meta.url));
  await runChecked(["gcc", "-O2", "-pthread", "-o", program, source]);
  const microseconds = String(Math.round(delayMs * 1000));
  // Its own session: Ctrl-C is for us; it ends when we close its standard input, or when we are gone.
  const forwarder = spawn(program, [netns.client, netns.server, DEVICE, microseconds], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const [first] = await Promise.race([once(forwarder.stdout, "data"), once(forwarder, "exit")]);
  if (!String(first).startsWith("ready")) throw new Error("could not start the delaying forwarder of the link");
  return forwarder;
}
