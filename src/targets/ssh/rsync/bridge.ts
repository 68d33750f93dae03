import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { quoteForShell } from "../quote-for-shell.ts";
import type { LineCtx, SshLine } from "../ssh-line.ts";

/**
 * rsync's remote shell: tells its arguments, each with a NUL after it and an empty one at the end, and then carries
 * bytes between rsync and smartsync, which has the connection. It ends when the server's side does, as ssh would. rsync
 * splits this at blanks outside of quotes.
 */
export const BRIDGE = `sh -c 'exec 6<&0; printf "%s\\0" "$@" "" >&5; cat <&6 >&4 5>&- & exec cat <&3 4>&- 5>&- 6<&-' bridge`;

/** Our ends of the pipes that rsync's remote shell inherits besides its standard streams. */
export interface BridgeEnds {
  /** What the server writes; descriptor 3. */
  readonly fromServer: Writable;
  /** What goes to the server; descriptor 4. */
  readonly toServer: Readable;
  /** The remote shell's arguments; descriptor 5. */
  readonly words: Readable;
}

/** How rsync's other side ended. */
export interface ServerSide {
  /** null when a signal ended it; undefined when the line broke, or it has not ended yet. */
  readonly exitCode: number | null | undefined;
  readonly stderr: string;
}

/** The joined bridge. */
export interface Bridge {
  /** Ends the server's side, now that ours has ended, and waits for it, not for long; not at all when aborted. */
  close(): Promise<ServerSide>;
}

/** How long the server's rsync may take to notice that ours has ended. */
const CLOSING_MS = 2_000;
/** Of what is written there besides rsync's protocol, so much is kept: the end. */
const STDERR_CHARACTERS = 8 * 1024;

/**
 * Runs the command that rsync gives its remote shell in a channel of the line, and joins both. Rejects with the line's
 * error; undefined when rsync ended before it had told a command.
 */
export async function joinBridge(ends: BridgeEnds, line: SshLine, ctx: LineCtx): Promise<Bridge | undefined> {
  const [, ...command] = await readWords(ends.words);
  if (command.length === 0) return undefined;
  const channel = await line.exec(quoteForShell(command), ctx);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let exitCode: number | null | undefined;
  let stderr = "";
  channel.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS);
  });
  // Not at "exit": of a command that ended at once it may have passed before anybody could listen.
  channel.once("close", (code?: number | null) => {
    exitCode = code;
    // Both ways: an rsync that waits to write would not read that the server is gone.
    ends.fromServer.end();
    ends.toServer.destroy();
    resolve();
  });
  ends.toServer.pipe(channel);
  channel.pipe(ends.fromServer);
  return {
    async close() {
      // What nobody reads any more would hold back the news of its end.
      channel.unpipe().resume().end();
      if (!ctx.signal.aborted) await Promise.race([closed, delay(CLOSING_MS, undefined, { ref: false })]);
      channel.close();
      return { exitCode, stderr };
    },
  };
}

async function readWords(from: Readable): Promise<string[]> {
  let text = "";
  for await (const chunk of from.setEncoding("utf8")) {
    text += chunk;
    if (text.endsWith("\0\0")) return text.split("\0").slice(0, -2);
  }
  return [];
}
