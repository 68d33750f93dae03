import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ClientChannel, SFTPWrapper } from "ssh2";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { OpenOptions } from "../target.ts";
import { connectHop, type HopConnection, type HopLogin } from "./connect-hop.ts";
import { createHostKeyCheck } from "./host-key-check.ts";
import { hostKeyAlgorithms } from "./judge-host-key.ts";
import { connectFailed, stopped } from "./line-failures.ts";
import { collectLoginWays } from "./login-ways.ts";
import { openExec, openSftp } from "./open-channel.ts";
import { openTcp } from "./open-tcp.ts";
import type { Hop } from "./resolve-hops.ts";
import type { LineCtx, SshLine } from "./ssh-line.ts";
import type { SshSettings } from "./ssh-schema.ts";
import { untilAborted } from "./until-aborted.ts";

/** Gathers, once, what is needed to log in to the servers on the way: reconnecting reads and asks nothing again. */
export function prepareLogins(
  hops: readonly Hop[],
  settings: SshSettings,
  options: OpenOptions,
  ctx: Pick<Ctx, "emit">,
  home: string,
): Promise<readonly HopLogin[]> {
  return Promise.all(
    hops.map(async (hop) => {
      const known = createHostKeyCheck(hop, settings, options, ctx, home);
      const [ways, check] = await Promise.all([collectLoginWays(hop), known]);
      return { hop, ways, check };
    }),
  );
}

/** The connections to the servers on the way, the target's last. */
type Chain = readonly HopConnection[];

/** A line that is opened by the first call on it. */
export interface LazyLine extends SshLine {
  /** Opens it. */
  connect(ctx: LineCtx): Promise<HopConnection>;
}

/** A line through these servers; `socket`, where it is given, already leads to the first of them. */
export function createLine(logins: readonly HopLogin[], timeoutMs: number, socket?: Socket): LazyLine {
  const place = logins.at(-1)?.hop.place ?? "";
  const end = new AbortController();
  let early = socket;
  let opening: Promise<Chain> | undefined;
  let chain: Chain = [];
  let session: { of: HopConnection; sftp: Promise<SFTPWrapper> } | undefined;

  /** The connection, opened anew where it was lost; whoever comes meanwhile waits for the same one. */
  async function connection(): Promise<HopConnection> {
    const current = chain.at(-1);
    if (current && !current.lost) return current;
    opening ??= reopen().finally(() => {
      opening = undefined;
    });
    chain = await opening;
    const opened = chain.at(-1);
    if (opened === undefined) throw stopped();
    return opened;
  }

  async function reopen(): Promise<Chain> {
    await closeAll(chain);
    const first = early;
    early = undefined;
    return openChain(logins, timeoutMs, end.signal, first);
  }

  async function sftpSession(): Promise<SFTPWrapper> {
    const of = await connection();
    if (session?.of === of) return session.sftp;
    const sftp = openSftp(of, place);
    const mine = { of, sftp };
    const forget = (): void => {
      if (session === mine) session = undefined;
    };
    session = mine;
    sftp.then((opened) => opened.once("close", forget).on("error", forget), forget);
    return sftp;
  }

  return {
    place,
    get features() {
      return chain.at(-1)?.features ?? [];
    },
    connect: (ctx) => untilAborted(connection(), ctx.signal),
    sftp: (ctx) => untilAborted(sftpSession(), ctx.signal),
    async exec(command, ctx) {
      const channel = connection().then((of) => openExec(of, command, place));
      return untilAborted(channel, ctx.signal, (late) => late.close());
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await opening?.catch(() => undefined);
      await closeAll(chain);
    },
  };
}

/** Opens the connections one through the other; closes what was opened when one fails. */
async function openChain(
  logins: readonly HopLogin[],
  timeoutMs: number,
  signal: AbortSignal,
  first?: Socket,
): Promise<Chain> {
  const chain: HopConnection[] = [];
  try {
    for (const login of logins) {
      const early = chain.length === 0 ? first : undefined;
      chain.push(await openHop(login, chain.at(-1), timeoutMs, signal, early));
    }
    return chain;
  } catch (error) {
    await closeAll(chain);
    throw error;
  }
}

/** The innermost first: its goodbye goes through the others. */
async function closeAll(chain: Chain): Promise<void> {
  for (const connection of [...chain].reverse()) await connection.close();
}

async function openHop(
  login: HopLogin,
  gate: HopConnection | undefined,
  timeoutMs: number,
  signal: AbortSignal,
  early?: Socket,
): Promise<HopConnection> {
  const { hop, check } = login;
  const without: string[] = [];
  let first: unknown;
  for (;;) {
    const algorithms = hostKeyAlgorithms(check.known, without);
    const given = first === undefined ? early : undefined;
    const socket = given ?? (await untilAborted(openSocket(hop, gate), signal, (late) => late.destroy()));
    try {
      return await connectHop(login, socket, algorithms, timeoutMs, signal);
    } catch (error) {
      first ??= error;
      // A server has keys of several types, and a fingerprint does not tell of which it is: ask for another.
      const shown = check.refusedTypes.at(-1);
      const mismatch = error instanceof SmartsyncError && error.code === "host-key-changed";
      if (hop.fingerprint === undefined || !mismatch || shown === undefined || without.includes(shown)) throw first;
      without.push(shown);
      if (hostKeyAlgorithms([], without).length === 0) throw first;
    }
  }
}

async function openSocket(hop: Hop, gate: HopConnection | undefined): Promise<Duplex> {
  const { host, port } = hop;
  if (gate === undefined) return openTcp(hop);
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  gate.client.forwardOut("127.0.0.1", 0, host, port, (error, channel: ClientChannel) =>
    error ? reject(connectFailed(hop, `the jump host says ${error.message}`, error)) : resolve(channel),
  );
  return promise;
}
