import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateKind, type ServerCertificate, serverCertificate } from "./certificates.ts";
import { startDaemon } from "./daemon.ts";
import { ensurePackages, type ServerName } from "./packages.ts";
import { claimPorts, type PortBlock } from "./ports.ts";

/**
 * The one account every server has. Its files belong to `daemon`, so that permissions count for it, unlike for root;
 * `nobody` would not do: vsftpd first enters the home its user has in /etc/passwd, and that one has none.
 */
export const ACCOUNT = {
  user: "deploy",
  password: "correct-horse",
  /** The password as crypt(3) writes it, SHA-512: Pure-FTPd's own argon2 costs seconds a login. */
  hash: "$6$smartsync$AK0OrA1ZSG6rYTzjFSa2TVbDhc5pZU4WAjg0o8gYd9nDljYMZXNIKRAGji5hhzWXptpHL/ucCryn34WwcbXOm.",
  uid: 1,
  gid: 1,
} as const;

/** What can be asked of every server. */
export interface FtpServerOptions {
  /** TLS demanded on both channels ("explicit", the default, or "implicit"), or plain FTP. */
  readonly tls?: "explicit" | "implicit" | "none";
  /** The only TLS version the server speaks; 1.2 and 1.3 when absent. */
  readonly tlsVersion?: "1.2" | "1.3";
  /** "valid" when absent. */
  readonly certificate?: CertificateKind;
  /** How many control connections the server accepts in all. */
  readonly maxClients?: number;
  /** How many control connections the server accepts from one address. */
  readonly maxPerAddress?: number;
  /** The address PASV replies name instead of 127.0.0.1, as behind NAT. vsftpd and ProFTPD refuse EPSV then. */
  readonly pasvAddress?: string;
  /** An existing directory the user gets as "/", in place of a scratch folder: for disks of a known size. */
  readonly home?: string;
}

/** A running FTP server on loopback, with one account. */
export interface FtpServer extends AsyncDisposable {
  readonly name: ServerName;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The directory of this machine that the user sees as "/". */
  readonly home: string;
  /** The document root as a directory of this machine … */
  readonly root: string;
  /** … and as the user sees it. */
  readonly path: string;
  /** The ports data connections use. */
  readonly passive: { readonly first: number; readonly last: number };
  readonly tls: "explicit" | "implicit" | "none";
  /** The certificate it shows; undefined when it speaks plain FTP. */
  readonly certificate: ServerCertificate | undefined;
  /** What the server printed and logged so far. */
  log(): string;
  /** Ends every process of the server and removes its scratch folder; a `home` it was given stays. */
  stop(): Promise<void>;
}

/** What a server's own file needs to write its configuration and command line. */
export interface Setup {
  /** An empty folder for the server's configuration and logs. */
  readonly scratch: string;
  readonly home: string;
  readonly ports: PortBlock;
  readonly certificate: ServerCertificate | undefined;
}

/** How a server is run: its program in the foreground, the environment it needs, the log files it writes. */
export interface ServerCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFiles: readonly string[];
}

/** Claims ports, makes the folders, starts what `prepare` says, and gives the running server. */
export async function startFtpServer(
  name: ServerName,
  options: FtpServerOptions,
  prepare: (setup: Setup) => ServerCommand,
): Promise<FtpServer> {
  ensurePackages();
  const scratch = mkdtempSync(join(tmpdir(), `smartsync-${name}-`));
  await chmod(scratch, 0o755);
  const home = options.home ?? join(scratch, "home");
  const root = join(home, "public_html");
  mkdirSync(root, { recursive: true });
  for (const folder of [home, root]) chownSync(folder, ACCOUNT.uid, ACCOUNT.gid);

  const tls = options.tls ?? "explicit";
  const certificate = tls === "none" ? undefined : serverCertificate(options.certificate ?? "valid");
  const ports = await claimPorts();
  const outputFile = join(scratch, "output.log");
  const clear = () => {
    ports.release();
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const { argv, env, logFiles } = prepare({ scratch, home, ports, certificate });
    const daemon = await startDaemon({ argv, env, port: ports.control, outputFile });
    const stop = async () => {
      await daemon.stop();
      clear();
    };
    return {
      name,
      host: "127.0.0.1",
      port: ports.control,
      user: ACCOUNT.user,
      password: ACCOUNT.password,
      home,
      root,
      path: "/public_html",
      passive: ports.passive,
      tls,
      certificate,
      log: () =>
        [outputFile, ...logFiles]
          .filter((file) => existsSync(file))
          .map((file) => readFileSync(file, "latin1"))
          .join(""),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    clear();
    throw error;
  }
}
