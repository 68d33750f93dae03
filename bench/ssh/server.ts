import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ACCOUNT } from "../../test/servers/ftp-server.ts";
import { ensurePackages } from "../../test/servers/packages.ts";
import { layAccount } from "../../test/servers/ssh-account.ts";
import { makeKey } from "../../test/servers/ssh-keys.ts";
import type { BenchServer, DeliveryBench } from "../deliveries/tool.ts";
import type { Wire } from "../link/open-link.ts";
import { runChecked } from "../run-command.ts";
import { writeCmsSite } from "../site.ts";
import { SSH_TOOLS } from "./tools.ts";

/** An account on OpenSSH's server, at the far end of a link. */
export interface SshBenchServer extends BenchServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The private key file that logs in. */
  readonly key: string;
  readonly knownHosts: string;
  /** The account's root directory, as this machine sees it. */
  readonly root: string;
}

const PORT = 2222;
const UID = 4711;

/** Starts the server at the link's server end, with its files in `scratch`. */
export async function startSshServer(link: Wire, scratch: string): Promise<SshBenchServer> {
  ensurePackages();
  chmodSync(scratch, 0o755);
  const home = join(scratch, "home");
  mkdirSync(home);
  chownSync(home, UID, UID);
  const hostKey = makeKey(scratch, "host_key", "ed25519");
  const userKey = makeKey(scratch, "user_key", "ed25519");
  const config = join(scratch, "sshd_config");
  const settings = `Port ${PORT}
ListenAddress ${link.serverAddress}
HostKey ${hostKey.file}
PidFile none
AuthorizedKeysFile ${userKey.file}.pub
StrictModes no
UsePAM no
UseDNS no
Subsystem sftp internal-sftp
`;
  writeFileSync(config, settings);
  const account = layAccount(scratch, { uid: UID, home, shell: "/bin/sh" });
  const script = `${account} && mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f ${config}`;

  const [program = "", ...rest] = link.command("server", [
    ...["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
  ]);
  const server = spawn(program, rest, { stdio: ["ignore", "ignore", "ignore"], detached: true });
  const close = async () => {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    process.kill(-server.pid, "SIGKILL");
    await ended;
  };
  for (let attempt = 0; (await link.run("server", ["ss", "-Hltn", `sport = :${PORT}`])).stdout === ""; attempt++) {
    if (attempt === 100) throw new Error(`sshd did not begin to listen on port ${PORT}`);
    await sleep(50);
  }
  const knownHosts = join(scratch, "known_hosts");
  writeFileSync(knownHosts, `[${link.serverAddress}]:${PORT} ${hostKey.publicKey}\n`);
  return {
    host: link.serverAddress,
    port: PORT,
    user: ACCOUNT.user,
    key: userKey.file,
    knownHosts,
    root: home,
    async expectSame(source, remote) {
      await runChecked(["diff", "-r", source, join(home, remote)]);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Deliveries over SSH. */
export const sshBench: DeliveryBench<SshBenchServer> = {
  name: "ssh",
  delayMs: 10,
  tools: SSH_TOOLS,
  writeSource: writeCmsSite,
  startServer: startSshServer,
};
