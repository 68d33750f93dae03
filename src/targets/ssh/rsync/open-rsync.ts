import { join } from "node:path";
import type { z } from "zod";
import type { Ctx } from "../../../core/context.ts";
import type { OpenOptions, Target } from "../../target.ts";
import { assembleSshTarget } from "../assemble-ssh-target.ts";
import { openSshLine } from "../open-ssh-line.ts";
import type { rsyncSchema } from "../rsync-target.ts";
import type { SshLine } from "../ssh-line.ts";
import { requireLocalRsync, requireServerRsync } from "./find-rsync.ts";
import { isWithoutRsync, orBySftp } from "./or-by-sftp.ts";
import { type SendSettings, sendByRsync } from "./send-by-rsync.ts";

type RsyncConfig = z.output<typeof rsyncSchema>;

/** Logs in, starts SFTP, and sends what is staged by rsync. rsync itself is not looked for before there is work for it. */
export async function openRsync(config: RsyncConfig, options: OpenOptions, ctx: Ctx): Promise<Target> {
  const line = await openSshLine(config, options, ctx);
  try {
    const byRsync = sendByRsync(line, settingsOf(config, options));
    const sendMany = config.fallback === "sftp" ? orBySftp(byRsync, options.name) : byRsync;
    const target = await assembleSshTarget(line, config, { alwaysStages: true, sendMany }, ctx);
    return { ...target, examine: (examineCtx) => examine(line, config, examineCtx) };
  } catch (error) {
    await line[Symbol.asyncDispose]();
    throw error;
  }
}

async function examine(line: SshLine, { rsyncPath, fallback }: RsyncConfig, ctx: Ctx): Promise<string[]> {
  try {
    const here = await requireLocalRsync();
    const there = await requireServerRsync(line, rsyncPath, ctx);
    return [`rsync ${here} here`, `rsync ${there} on the server`];
  } catch (error) {
    if (fallback === undefined || !isWithoutRsync(error)) throw error;
    return [`files go over SFTP, which is slower: ${error.message}`];
  }
}

/** What new files of a server get without the umask: it takes away what its users don't want. */
const AS_THE_SERVER_GIVES = 0o666;
/** What rsync, and the server's too, must have to read a file of its own at all. */
const OWNER_READS = 0o400;

function settingsOf({ modes, mtimes, compress, rsyncPath }: RsyncConfig, { baseDir }: OpenOptions): SendSettings {
  const fixed = modes === "server" ? AS_THE_SERVER_GIVES : Number.parseInt(modes, 8);
  return {
    rsyncPath,
    compress,
    times: mtimes,
    modes: modes !== "server",
    spools: join(baseDir, ".smartsync", "spool"),
    modeOf: ({ mode }) => (modes === "keep" ? mode : fixed) | OWNER_READS,
  };
}
