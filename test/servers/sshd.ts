import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { ACCOUNT } from "./ftp-server.ts";
import { ensurePackages } from "./packages.ts";
import { claimPorts } from "./ports.ts";
import { layAccount, layCommands } from "./ssh-account.ts";
import { type KeyKind, type KeyPair, makeKey } from "./ssh-keys.ts";

/** A running OpenSSH server on loopback, with one account. */
export interface SshServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly uid: number;
  readonly password: string;
  /** A private key file that logs the user in. */
  readonly key: string;
  /** The host keys; the first is the one most clients are shown. */
  readonly hostKeys: readonly KeyPair[];
  /** The first host key's fingerprint, "SHA256:…". */
  readonly fingerprint: string;
  /** A known_hosts file that names the server by its first host key, also under the flaky proxy's address. */
  readonly knownHosts: string;
  /** The user's home on this machine. */
  readonly home: string;
  /** The document root as a directory of this machine … */
  readonly root: string;
  /** … and as the user sees it. */
  readonly path: string;
  /** An empty folder for whatever a test needs; gone with the server. */
  readonly scratch: string;
  log(): string;
  /** Kills (KILL) the user's processes whose command line matches; gives how many. A session's is "sshd: deploy…". */
  kill(commandLine: RegExp): number;
  /** Ends the server and everything it started, and starts it again at the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** What can be asked of it. */
export interface SshServerOptions {
  /** The user sees only his home, as "/", and gets no shell: internal-sftp. */
  readonly chroot?: boolean;
  /** An existing directory to be the home, in place of a scratch folder: for disks of a known size. */
  readonly home?: string;
  /** How one may log in, as sshd calls it; by key when absent. "publickey,password" asks for both. */
  readonly logins?: readonly ("publickey" | "password" | "keyboard-interactive" | "publickey,password")[];
  /** Of what kind the user's key is (ed25519 when absent), and what it is locked with. */
  readonly userKey?: KeyKind;
  readonly passphrase?: string;
  /** Which host keys it has; ed25519 when absent. */
  readonly hostKeys?: readonly KeyKind[];
  /** What the user's shell (bash, and an SFTP server started by it) writes before anything else. */
  readonly shellBanner?: string;
  /** The user's shell; /bin/sh when absent. */
  readonly shell?: string;
  /** "none" when it is not to offer SFTP. */
  readonly sftp?: "none";
  /** "none", or the path of another rsync, is what the user finds on his PATH. */
  readonly rsync?: string;
  /** More settings of sshd_config(5): { MaxSessions: 1 }. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Where a chroot is mounted in the server's own namespace: sshd wants every folder above it to be root's alone. */
const CHROOT = "/srv";

interface Setup {
  readonly scratch: string;
  readonly port: number;
  readonly hostKeys: readonly KeyPair[];
}

function configure(options: SshServerOptions, { scratch, port, hostKeys }: Setup): string {
  const logins = options.logins ?? ["publickey"];
  const yes = (condition: boolean) => (condition ? "yes" : "no");
  const subsystem = options.shellBanner === undefined ? "internal-sftp" : "/usr/lib/openssh/sftp-server";
  const path = options.rsync === undefined ? [] : [`SetEnv PATH=${layCommands(scratch, rsyncOf(options))}`];
  const lines = [
    // The first value of a setting counts.
    ...Object.entries(options.settings ?? {}).map(([name, value]) => `${name} ${value}`),
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    ...hostKeys.map(({ file }) => `HostKey ${file}`),
    "PidFile none",
    `AuthorizedKeysFile ${join(scratch, "authorized_keys")}`,
    "StrictModes no",
    `AuthenticationMethods ${logins.join(" ")}`,
    `PasswordAuthentication ${yes(logins.some((login) => login.includes("password")))}`,
    // Only PAM asks questions.
    `UsePAM ${yes(logins.includes("keyboard-interactive"))}`,
    `KbdInteractiveAuthentication ${yes(logins.includes("keyboard-interactive"))}`,
    "MaxStartups 100",
    "LogLevel VERBOSE",
    ...(options.sftp === "none" ? [] : [`Subsystem sftp ${subsystem}`]),
    ...path,
    ...(options.chroot ? [`ChrootDirectory ${CHROOT}`, "ForceCommand internal-sftp"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function rsyncOf({ rsync }: SshServerOptions): string | undefined {
  return rsync === "none" ? undefined : rsync;
}

/** Starts sshd in a mount namespace where /etc has one more user, "deploy". Needs root. */
export async function startSshd(options: SshServerOptions = {}): Promise<SshServer> {
  ensurePackages();
  const scratch = mkdtempSync(join(tmpdir(), "smartsync-sshd-"));
  await chmod(scratch, 0o755);
  const ports = await claimPorts();
  const port = ports.control;
  // No other server has it, so that the user's processes are known by it.
  const uid = port;
  const home = options.home ?? join(scratch, "home");
  const root = join(home, "www", "html");
  mkdirSync(root, { recursive: true });
  for (const folder of [join(home, "www"), root]) chownSync(folder, uid, uid);
  if (!options.chroot) chownSync(home, uid, uid);
  mkdirSync(join(scratch, "of-test"));

  const kinds = options.hostKeys ?? ["ed25519"];
  const hostKeys = kinds.map((kind) => makeKey(scratch, `host_${kind}_key`, kind));
  const [first] = hostKeys;
  if (first === undefined) throw new Error("an SSH server needs a host key");
  const userKey = makeKey(scratch, "user_key", options.userKey ?? "ed25519", options.passphrase);
  writeFileSync(join(scratch, "authorized_keys"), `${userKey.publicKey}\n`);
  const knownHosts = join(scratch, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port},[127.0.0.2]:${port},[localhost]:${port} ${first.publicKey}\n`);
  const config = join(scratch, "sshd_config");
  writeFileSync(config, configure(options, { scratch, port, hostKeys }));

  const bash = options.shellBanner !== undefined;
  if (bash) writeFileSync(join(home, ".bashrc"), `cat <<'END'\n${options.shellBanner}\nEND\n`);
  const shell = options.shell ?? (bash ? "/bin/bash" : "/bin/sh");
  const inNamespace = [
    layAccount(scratch, { uid, home: options.chroot ? "/" : home, shell }),
    ...(options.chroot ? [`mount --bind ${home} ${CHROOT}`] : []),
    "mkdir -p /run/sshd",
    `exec /usr/sbin/sshd -D -e -f ${config}`,
  ].join(" && ");
  const outputFile = join(scratch, "sshd.log");
  const start = () => startDaemon({ argv: ["unshare", "--mount", "sh", "-c", inNamespace], env: {}, port, outputFile });
  const clear = () => {
    ports.release();
    rmSync(scratch, { recursive: true, force: true });
  };
  let daemon = await start().catch((error: unknown) => {
    clear();
    throw error;
  });
  const stop = async () => {
    await daemon.stop();
    clear();
  };
  return {
    host: "127.0.0.1",
    port,
    user: ACCOUNT.user,
    uid,
    password: ACCOUNT.password,
    key: userKey.file,
    hostKeys,
    fingerprint: first.fingerprint,
    knownHosts,
    home,
    root,
    path: options.chroot ? "/www/html" : root,
    scratch: join(scratch, "of-test"),
    log: () => readFileSync(outputFile, "utf8"),
    kill: (commandLine) => killOf(uid, commandLine),
    async restart() {
      await daemon.stop();
      daemon = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Kills a user's processes by their command line. */
function killOf(uid: number, commandLine: RegExp): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => isOf(pid, uid, commandLine) && process.kill(Number(pid), "SIGKILL")).length;
}

function isOf(pid: string, uid: number, commandLine: RegExp): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return new RegExp(`^Uid:\\s+${uid}\\s`, "m").test(status) && commandLine.test(command);
  } catch (error) {
    // It ended while we looked.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return false;
    throw error;
  }
}
