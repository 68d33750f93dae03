import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ACCOUNT,
  type FtpServer,
  type FtpServerOptions,
  type ServerCommand,
  type Setup,
  startFtpServer,
} from "./ftp-server.ts";
import { serverFile } from "./packages.ts";
import { onlyTlsVersion } from "./tls-versions.ts";

/** What vsftpd can be asked besides what every server can. It has no MLSD, and refuses no rename over a file. */
export interface VsftpdOptions extends FtpServerOptions {
  /** TLS session reuse demanded on data connections (522 without); demanded when absent, as vsftpd has it. */
  readonly sessionReuse?: "required" | "off";
  readonly idleTimeoutSeconds?: number;
  readonly readOnly?: boolean;
  /** "shift_jis" leaves UTF8 out of FEAT; bytes of names go through unchanged either way. */
  readonly encoding?: "utf8" | "shift_jis";
}

const SERVICE = "smartsync-vsftpd";

/**
 * Logins go through PAM, which reads only /etc/pam.d. So vsftpd runs in a mount namespace of its own where that
 * folder is one of ours, with one service over one account: the machine's own /etc stays untouched. (A module that
 * forks, such as pam_exec, would not do: vsftpd's handler of SIGCHLD takes the exit status away from it.)
 */
function writePamService(scratch: string): string {
  const folder = join(scratch, "pam.d");
  const accounts = join(scratch, "passwd");
  const [module] = globSync("**/pam_pwdfile.so", { cwd: serverFile("vsftpd", ".") });
  if (!module) throw new Error("libpam-pwdfile is not unpacked beside vsftpd");
  mkdirSync(folder);
  writeFileSync(
    join(folder, SERVICE),
    `auth required ${serverFile("vsftpd", module)} pwdfile ${accounts}\naccount required pam_permit.so\n`,
  );
  writeFileSync(accounts, `${ACCOUNT.user}:${ACCOUNT.hash}\n`, { mode: 0o600 });
  return folder;
}

function configure(
  options: VsftpdOptions,
  { scratch, home, ports, certificate }: Setup,
): Record<string, string | number> {
  const yes = (value: boolean) => (value ? "YES" : "NO");
  const emptyFolder = join(scratch, "empty");
  mkdirSync(emptyFolder);
  return {
    listen: "YES",
    listen_address: "127.0.0.1",
    listen_port: ports.control,
    background: "NO",
    // Both cost a namespace or a sandbox per session and change nothing a client sees.
    isolate: "NO",
    isolate_network: "NO",
    seccomp_sandbox: "NO",
    anonymous_enable: "NO",
    local_enable: "YES",
    pam_service_name: SERVICE,
    guest_enable: "YES",
    guest_username: "daemon",
    virtual_use_local_privs: "YES",
    local_root: home,
    chroot_local_user: "YES",
    allow_writeable_chroot: "YES",
    secure_chroot_dir: emptyFolder,
    local_umask: "022",
    write_enable: yes(!options.readOnly),
    mdtm_write: "YES",
    utf8_filesystem: yes(options.encoding !== "shift_jis"),
    pasv_min_port: ports.passive.first,
    pasv_max_port: ports.passive.last,
    xferlog_enable: "YES",
    log_ftp_protocol: "YES",
    vsftpd_log_file: join(scratch, "vsftpd.log"),
    ...(options.pasvAddress && { pasv_address: options.pasvAddress, cmds_denied: "EPSV" }),
    ...(options.maxClients && { max_clients: options.maxClients }),
    ...(options.maxPerAddress && { max_per_ip: options.maxPerAddress }),
    ...(options.idleTimeoutSeconds && { idle_session_timeout: options.idleTimeoutSeconds }),
    ...(certificate && {
      ssl_enable: "YES",
      rsa_cert_file: certificate.certFile,
      rsa_private_key_file: certificate.keyFile,
      ssl_ciphers: "HIGH",
      implicit_ssl: yes(options.tls === "implicit"),
      require_ssl_reuse: yes(options.sessionReuse !== "off"),
    }),
  };
}

function prepare(options: VsftpdOptions, setup: Setup): ServerCommand {
  const { scratch } = setup;
  const config = join(scratch, "vsftpd.conf");
  const lines = Object.entries(configure(options, setup)).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(config, lines.join(""));
  const inNamespace = `mount --bind ${writePamService(scratch)} /etc/pam.d && exec ${serverFile("vsftpd", "usr/sbin/vsftpd")} ${config}`;
  return {
    argv: ["unshare", "--mount", "sh", "-c", inNamespace],
    env: onlyTlsVersion(options.tlsVersion, scratch),
    logFiles: [join(scratch, "vsftpd.log")],
  };
}

/** Starts vsftpd. Needs root and the right to make a mount namespace. */
export function startVsftpd(options: VsftpdOptions = {}): Promise<FtpServer> {
  return startFtpServer("vsftpd", options, (setup) => prepare(options, setup));
}
