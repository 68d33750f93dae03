import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { FtpConnection } from "./ftp-connection.ts";
import type { Reply } from "./replies.ts";

/** Commands that belong together and follow one another on one connection: the last reply says how it went. */
export interface Errand<T> {
  readonly of: T;
  readonly commands: readonly string[];
}

/** So many errands are given to one connection at a time. */
const SHARE = 32;
/** How long after a stop the replies to what was sent are waited for: so it is known what was done. */
const GRACE_MS = 2_000;

/**
 * Carries errands out, spread over the connections, without waiting for replies between them. `answered` hears of each
 * with its replies; after a failure or an abort no further share is begun.
 */
export async function carryOut<T>(
  pool: ConnectionPool,
  errands: readonly Errand<T>[],
  ctx: Ctx,
  answered: (of: T, replies: readonly Reply[], connection: FtpConnection) => Promise<void> | void,
): Promise<void> {
  using later = afterGrace(ctx.signal);
  await forEachAtOnce(sharesOf(errands), pool.limit, async (share) => {
    throwIfAborted(ctx.signal);
    await pool.use(later, async (connection) => {
      throwIfAborted(ctx.signal);
      const replies = await connection.sendAll(share.flatMap(({ commands }) => commands));
      let at = 0;
      for (const { of, commands } of share) {
        await answered(of, replies.slice(at, at + commands.length), connection);
        at += commands.length;
      }
    });
  });
}

function* sharesOf<T>(errands: readonly Errand<T>[]): Generator<readonly Errand<T>[]> {
  for (let at = 0; at < errands.length; at += SHARE) yield errands.slice(at, at + SHARE);
}

/** A signal that aborts a little later than this one. */
function afterGrace(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => late.abort(), GRACE_MS);
  };
  signal.addEventListener("abort", start, { once: true });
  return {
    signal: late.signal,
    [Symbol.dispose]() {
      signal.removeEventListener("abort", start);
      clearTimeout(timer);
    },
  };
}
