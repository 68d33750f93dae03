import { homedir, userInfo } from "node:os";
import { resolve } from "node:path";
import type { Ctx } from "../../core/context.ts";
import type { OpenOptions } from "../target.ts";
import { expandHome } from "./expand-home.ts";
import { openTcp } from "./open-tcp.ts";
import { type HostEntries, readSshConfig } from "./read-ssh-config.ts";
import { type Hop, resolveHops } from "./resolve-hops.ts";
import type { SshLine } from "./ssh-line.ts";
import type { SshSettings } from "./ssh-schema.ts";
import { untilAborted } from "./until-aborted.ts";

const SSH_CONFIG = "~/.ssh/config";

/** Connects to the server, through its jump hosts, checks its host key and logs in. */
export async function openSshLine(
  settings: SshSettings,
  options: OpenOptions,
  ctx: Pick<Ctx, "signal" | "emit">,
): Promise<SshLine> {
  const hops = await findWay(settings, options, ctx);
  warnOfRisks(settings, options.name, ctx);
  // Loading ssh2 takes about as long as a server needs to answer the first packet: both at once.
  const socket = hops[0] && openTcp(hops[0]);
  try {
    const { prepareLogins, createLine } = await import("./create-line.ts");
    const home = homedir();
    const logins = await untilAborted(prepareLogins(hops, settings, options, ctx, home), ctx.signal);
    const line = createLine(logins, settings.timeout * 1000, socket);
    try {
      await line.connect(ctx);
      return line;
    } catch (error) {
      await line[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    socket?.destroy();
    throw error;
  }
}

/** The servers to go through, as the settings and ~/.ssh/config say. */
async function findWay(settings: SshSettings, options: OpenOptions, ctx: Pick<Ctx, "emit">): Promise<Hop[]> {
  const home = homedir();
  const entries = await readEntries(settings, options, ctx, home);
  const agent = process.env.SSH_AUTH_SOCK;
  const around = { home, user: userInfo().username, baseDir: options.baseDir, ...(agent ? { agent } : {}) };
  return resolveHops(settings, entries.find, around);
}

function warnOfRisks({ insecure, host }: SshSettings, target: string, ctx: Pick<Ctx, "emit">): void {
  if (insecure === undefined) return;
  ctx.emit({
    type: "warning",
    target,
    code: "host-key-unchecked",
    message: `the host key of ${host} is not checked: anybody on the way can pose as it`,
    hint: "`fingerprint` trusts exactly one host key",
  });
}

async function readEntries(
  { sshConfig }: SshSettings,
  options: OpenOptions,
  ctx: Pick<Ctx, "emit">,
  home: string,
): Promise<HostEntries> {
  if (sshConfig === false) return { find: () => ({ identityFiles: [] }), ignoresConditions: false };
  const file = resolve(options.baseDir, expandHome(sshConfig, home));
  const entries = await readSshConfig(file, home, sshConfig !== SSH_CONFIG);
  if (entries.ignoresConditions) {
    ctx.emit({
      type: "warning",
      target: options.name,
      code: "match-exec-ignored",
      message: `${file} has "Match exec" conditions, which smartsync does not run: they count as not met`,
      hint: "set what they would say (host, port, user, key, jump) in the target, and sshConfig: false",
    });
  }
  return entries;
}
