import { BRIDGE } from "./bridge.ts";

/** How rsync is to send. */
export interface RsyncSettings {
  /** The program on the server: a name on its PATH, or a path. */
  readonly rsyncPath: string;
  /** Give files the modification times, and the permission bits, that they have in the spool. */
  readonly times: boolean;
  readonly modes: boolean;
  readonly compress: boolean;
}

/**
 * Either side gives up after so long without a byte from the other: what ends an rsync on a server whose line broke
 * without a word. A line that is down is noticed by SSH, much sooner; here a slow disk must have its time too.
 */
const TIMEOUT_SECONDS = 300;

/**
 * rsync's arguments for sending what is listed on its standard input, names between NULs, from one flat folder of this
 * machine into one of the server: rsync(1), nothing newer than 3.1. What it writes is read by `parseRsyncOutput`.
 *
 * Every listed file is sent whatever its size and time say (--ignore-times), as a difference to what lies there under
 * its name: a part that was cut off (--partial), or all of it.
 */
export function rsyncArguments(settings: RsyncSettings, folder: string, dir: string): string[] {
  return [
    ...["--files-from=-", "--from0", "--no-relative"],
    ...["--ignore-times", "--partial"],
    ...(settings.times ? ["--times"] : []),
    ...(settings.modes ? ["--perms"] : []),
    ...(settings.compress ? ["--compress"] : []),
    // The folders travel inside the protocol instead of in a command line that the server's shell reads.
    "--protect-args",
    "--out-format=>%n",
    `--timeout=${TIMEOUT_SECONDS}`,
    ...[`--rsync-path=${settings.rsyncPath}`, `--rsh=${BRIDGE}`],
    // The server's name is for the remote shell, and the bridge knows where it leads.
    ...["--", `${folder}/`, `server:${dir}/`],
  ];
}
