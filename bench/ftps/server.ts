import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serverCertificate } from "../../test/servers/certificates.ts";
import { ACCOUNT } from "../../test/servers/ftp-server.ts";
import { ensurePackages } from "../../test/servers/packages.ts";
import { pureFtpdCommand } from "../../test/servers/pure-ftpd.ts";
import type { BenchServer, DeliveryBench } from "../deliveries/tool.ts";
import type { Wire } from "../link/open-link.ts";
import { runChecked } from "../run-command.ts";
import { writeCmsSite } from "../site.ts";
import { TOOLS } from "./tools.ts";

/** An account on Pure-FTPd, which demands TLS on both channels, at the far end of a link. */
export interface FtpServer extends BenchServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** SHA-256 of the server's self-signed certificate. */
  readonly fingerprint: string;
  /** The account's root directory, as this machine sees it. */
  readonly root: string;
}

const PORT = 2121;

/** Deliveries over FTPS. */
export const ftpsBench: DeliveryBench<FtpServer> = {
  name: "ftps",
  delayMs: 10,
  tools: TOOLS,
  writeSource: writeCmsSite,
  startServer,
};

/** Starts the server at the link's server end, with its files in `scratch`; resolves when it accepts connections. */
export async function startServer(link: Wire, scratch: string): Promise<FtpServer> {
  ensurePackages();
  const home = join(scratch, "home");
  await mkdir(home);
  await chmod(scratch, 0o755);
  await chown(home, ACCOUNT.uid, ACCOUNT.gid);
  const { pemFile, fingerprint } = serverCertificate("self-signed");
  const address = link.serverAddress;
  const passive = { first: 20_000, last: 60_000 };
  const { argv, env } = pureFtpdCommand({ address, port: PORT, passive, scratch, home, pemFile });

  // Ends with us even when we are killed.
  const [program = "", ...rest] = link.command("server", ["setpriv", "--pdeathsig", "KILL", ...argv]);
  // Its own group, which its children stay in: all of them are ended together.
  const server = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const close = async () => {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    process.kill(-server.pid, "SIGKILL");
    await ended;
  };
  try {
    await untilListening(link);
  } catch (error) {
    await close();
    throw error;
  }
  const { user, password } = ACCOUNT;
  return {
    ...{ host: address, port: PORT, user, password, fingerprint, root: home },
    async expectSame(source, remote) {
      await runChecked(["diff", "-r", source, join(home, remote)]);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Resolves when something accepts connections on the server's port. */
async function untilListening(link: Wire): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const sockets = await link.run("server", ["ss", "-Hltn", `sport = :${PORT}`]);
    if (sockets.stdout !== "") return;
    await sleep(50);
  }
  throw new Error(`Pure-FTPd did not begin to listen on port ${PORT}`);
}
