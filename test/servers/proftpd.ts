import { writeFileSync } from "node:fs";
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

/** What ProFTPD can be asked besides what every server can. */
export interface ProftpdOptions extends FtpServerOptions {
  /** TLS session reuse demanded on data connections (425 without); demanded when absent, as ProFTPD has it. */
  readonly sessionReuse?: "required" | "off";
  readonly idleTimeoutSeconds?: number;
  readonly readOnly?: boolean;
  /** False refuses to store or rename over an existing file. */
  readonly allowOverwrite?: boolean;
  /** "shift_jis" leaves UTF8 out of FEAT; bytes of names go through unchanged then. */
  readonly encoding?: "utf8" | "shift_jis";
  /** False refuses MLSD and MLST, and leaves them and MFMT out of FEAT, as servers before RFC 3659 do. */
  readonly mlsd?: boolean;
}

function configure(options: ProftpdOptions, { scratch, ports, certificate }: Setup): string {
  const limits = [
    ...(options.readOnly ? ["WRITE"] : []),
    ...(options.mlsd === false ? ["MLSD MLST"] : []),
    ...(options.pasvAddress ? ["EPSV"] : []),
  ];
  const lines = [
    "ServerType standalone",
    "DefaultAddress 127.0.0.1",
    "SocketBindTight on",
    "UseIPv6 off",
    `Port ${ports.control}`,
    `PassivePorts ${ports.passive.first} ${ports.passive.last}`,
    "User daemon",
    "Group daemon",
    `ModulePath ${serverFile("proftpd", "usr/lib/proftpd")}`,
    "LoadModule mod_tls.c",
    "LoadModule mod_digest.c",
    "LoadModule mod_site_misc.c",
    `AuthUserFile ${join(scratch, "passwd")}`,
    "AuthOrder mod_auth_file.c",
    "RequireValidShell off",
    "DefaultRoot ~",
    "Umask 022",
    `AllowOverwrite ${options.allowOverwrite === false ? "off" : "on"}`,
    "AllowStoreRestart on",
    `PidFile ${join(scratch, "pid")}`,
    `ScoreboardFile ${join(scratch, "scoreboard")}`,
    "ControlsEngine off",
    "DelayEngine off",
    "UseReverseDNS off",
    "WtmpLog off",
    "TransferLog none",
    `SystemLog ${join(scratch, "system.log")}`,
    'LogFormat command "%t [%P] %r -> %s %S"',
    `ExtendedLog ${join(scratch, "commands.log")} ALL command`,
    ...(options.encoding === "shift_jis" ? ["LangEngine off", "UseEncoding off"] : []),
    ...(options.pasvAddress ? [`MasqueradeAddress ${options.pasvAddress}`] : []),
    ...(options.maxClients ? [`MaxClients ${options.maxClients}`] : []),
    ...(options.maxPerAddress ? [`MaxClientsPerHost ${options.maxPerAddress}`] : []),
    ...(options.idleTimeoutSeconds ? [`TimeoutIdle ${options.idleTimeoutSeconds}`] : []),
    `FactsAdvertise ${options.mlsd === false ? "off" : "on"}`,
    ...limits.flatMap((commands) => [`<Limit ${commands}>`, "DenyAll", "</Limit>"]),
    ...(certificate
      ? [
          "TLSEngine on",
          "TLSRequired on",
          `TLSLog ${join(scratch, "tls.log")}`,
          `TLSProtocol ${options.tlsVersion ? `TLSv${options.tlsVersion}` : "TLSv1.2 TLSv1.3"}`,
          `TLSECCertificateFile ${certificate.certFile}`,
          `TLSECCertificateKeyFile ${certificate.keyFile}`,
          ...(options.tls === "implicit" ? ["TLSOptions UseImplicitSSL"] : []),
          ...(options.sessionReuse === "off" ? ["TLSOptions NoSessionReuseRequired"] : []),
        ]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

function prepare(options: ProftpdOptions, setup: Setup): ServerCommand {
  const { scratch, home } = setup;
  const { user, hash, uid, gid } = ACCOUNT;
  const config = join(scratch, "proftpd.conf");
  writeFileSync(join(scratch, "passwd"), `${user}:${hash}:${uid}:${gid}::${home}:/bin/false\n`, { mode: 0o600 });
  writeFileSync(config, configure(options, setup));
  return {
    argv: [serverFile("proftpd", "usr/sbin/proftpd"), "--nodaemon", "--config", config],
    env: {},
    logFiles: ["system.log", "commands.log", "tls.log"].map((name) => join(scratch, name)),
  };
}

/** Starts ProFTPD. */
export function startProftpd(options: ProftpdOptions = {}): Promise<FtpServer> {
  return startFtpServer("proftpd", options, (setup) => prepare(options, setup));
}
