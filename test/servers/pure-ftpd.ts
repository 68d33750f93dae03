import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNT, type FtpServer, type FtpServerOptions, type ServerCommand, startFtpServer } from "./ftp-server.ts";
import { serverFile } from "./packages.ts";
import { onlyTlsVersion } from "./tls-versions.ts";

/** What Pure-FTPd can be asked. It has no implicit TLS and can't demand session reuse. */
export interface PureFtpdOptions extends FtpServerOptions {
  readonly tls?: "explicit" | "none";
}

/** What Pure-FTPd's command line is made from, for a caller that runs it elsewhere. */
export interface PureFtpdCommandOptions extends Omit<PureFtpdOptions, "home"> {
  /** The address it listens on. */
  readonly address: string;
  readonly port: number;
  readonly passive: { readonly first: number; readonly last: number };
  /** A folder to keep its own files in. */
  readonly scratch: string;
  /** The directory the user gets as "/"; it has to belong to ACCOUNT.uid. */
  readonly home: string;
  /** PEM with certificate and key; undefined for plain FTP. */
  readonly pemFile: string | undefined;
}

/**
 * Writes Pure-FTPd's user database and gives its command, which stays in the foreground. `argv` may be put behind
 * another command, such as `ip netns exec NAME`. Call ensurePackages() first.
 */
export function pureFtpdCommand(options: PureFtpdCommandOptions): ServerCommand {
  const { scratch } = options;
  const { user, hash, uid, gid } = ACCOUNT;
  const passwd = join(scratch, "passwd");
  const database = join(scratch, "pureftpd.pdb");
  writeFileSync(passwd, `${user}:${hash}:${uid}:${gid}::${options.home}/./::::::::::::\n`, { mode: 0o600 });
  execFileSync(serverFile("pure-ftpd", "usr/bin/pure-pw"), ["mkdb", database, "-f", passwd]);
  const transfers = join(scratch, "transfers.log");
  const flags = {
    bind: `${options.address},${options.port}`,
    passiveportrange: `${options.passive.first}:${options.passive.last}`,
    login: `puredb:${database}`,
    pidfile: join(scratch, "pid"),
    altlog: `clf:${transfers}`,
    limitrecursion: "1000000:100",
    umask: "133:022",
    tls: options.pemFile ? 3 : 0,
    ...(options.maxClients && { maxclientsnumber: options.maxClients }),
    ...(options.maxPerAddress && { maxclientsperip: options.maxPerAddress }),
    ...(options.pemFile && { certfile: options.pemFile }),
    ...(options.pasvAddress && { forcepassiveip: options.pasvAddress }),
  };
  return {
    argv: [
      serverFile("pure-ftpd", "usr/sbin/pure-ftpd"),
      "--noanonymous",
      "--dontresolve",
      "--chrooteveryone",
      `--minuid=${uid}`,
      ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    ],
    env: onlyTlsVersion(options.tlsVersion, scratch),
    logFiles: [transfers],
  };
}

/** Starts Pure-FTPd. */
export function startPureFtpd(options: PureFtpdOptions = {}): Promise<FtpServer> {
  return startFtpServer("pure-ftpd", options, ({ scratch, home, ports, certificate }) =>
    pureFtpdCommand({
      ...options,
      address: "127.0.0.1",
      port: ports.control,
      passive: ports.passive,
      scratch,
      home,
      pemFile: certificate?.pemFile,
    }),
  );
}
