import { resolve } from "node:path";
import { SmartsyncError } from "../../lib/errors.ts";
import { expandHome } from "./expand-home.ts";
import type { HostEntry } from "./read-ssh-config.ts";
import type { SshSettings } from "./ssh-schema.ts";

/** A server on the way to the target, or the target itself, and how to log in to it. */
export interface Hop {
  /** "deploy@web1.example.jp", for people. */
  readonly place: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFiles: readonly string[];
  /** Who named the key files: the target's configuration, ~/.ssh/config, or nobody: they are the usual ones. */
  readonly keysFrom: "configuration" | "ssh-config" | "usual";
  readonly passphrase?: string;
  /** The agent's socket. */
  readonly agent?: string;
  /** The configuration names the agent: one that does not answer is an error then. */
  readonly agentNamed: boolean;
  readonly password?: string;
  /** The fingerprint its host key must have. */
  readonly fingerprint?: string;
}

/** What settings are completed with: where and as whom smartsync runs. */
export interface Surroundings {
  readonly home: string;
  readonly user: string;
  /** The folder relative paths start from. */
  readonly baseDir: string;
  /** $SSH_AUTH_SOCK. */
  readonly agent?: string;
}

type LookUp = (name: string) => HostEntry;
type Login = Pick<SshSettings, "key" | "passphrase" | "agent" | "password" | "fingerprint">;

/** The keys ssh(1) tries by itself, best first. */
const USUAL_KEYS = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];
const DEFAULT_PORT = 22;

/**
 * The servers to go through, nearest first, the target last: what the configuration says over what ~/.ssh/config says
 * over what is usual. Jump hosts get the target's key and agent, unless ~/.ssh/config names keys of theirs, never its
 * password. Throws (kind config) on what can't be honoured.
 */
export function resolveHops(settings: SshSettings, lookUp: LookUp, around: Surroundings): Hop[] {
  const { host, port, user, key, passphrase, agent } = settings;
  const target = completeHop({ host, port, user }, settings, lookUp, around);
  const jumps = settings.jump === undefined ? jumpsOf(host, lookUp) : splitJumps([settings.jump].flat());
  const gates = [...jumpsBefore(jumps, lookUp, new Set([host])), ...jumps].map((jump) => {
    const own = lookUp(jump.host).identityFiles.length > 0;
    return completeHop(jump, own ? { passphrase } : { key, passphrase, agent }, lookUp, around);
  });
  return [...gates, target];
}

interface Address {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
}

function completeHop(address: Address, login: Login, lookUp: LookUp, around: Surroundings): Hop {
  const entry = lookUp(address.host);
  const host = entry.hostName ?? address.host;
  const port = address.port ?? entry.port ?? DEFAULT_PORT;
  const user = address.user ?? entry.user ?? around.user;
  const { passphrase, password, fingerprint } = login;
  const expand = (path: string): string => resolve(around.baseDir, expandHome(path, around.home));
  const tokens: Record<string, string> = {
    d: around.home,
    u: around.user,
    h: host,
    r: user,
    p: String(port),
    "%": "%",
  };
  const fill = (path: string): string => path.replace(/%([duhrp%])/g, (_, token) => tokens[token] ?? "");
  const named = login.key !== undefined || login.agent !== undefined || password !== undefined;
  const agent = login.agent === undefined ? around.agent : expand(login.agent);
  const offersAgent = login.agent !== undefined || login.key !== undefined || !named;
  return {
    place: `${user}@${address.host}`,
    host,
    port,
    user,
    ...keysOf(login, named, entry.identityFiles.map(fill), expand),
    agentNamed: login.agent !== undefined,
    ...(offersAgent && agent ? { agent } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(password === undefined ? {} : { password }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

/** A way to log in that the configuration names is the only one: others cost round trips, and servers count failures. */
function keysOf(
  { key }: Login,
  named: boolean,
  identityFiles: readonly string[],
  expand: (path: string) => string,
): Pick<Hop, "keyFiles" | "keysFrom"> {
  if (key !== undefined) return { keyFiles: [expand(key)], keysFrom: "configuration" };
  if (named) return { keyFiles: [], keysFrom: "configuration" };
  if (identityFiles.length > 0) return { keyFiles: identityFiles.map(expand), keysFrom: "ssh-config" };
  return { keyFiles: USUAL_KEYS.map(expand), keysFrom: "usual" };
}

/** The jump hosts that ~/.ssh/config names for a host. */
function jumpsOf(name: string, lookUp: LookUp): Address[] {
  const { proxyJump, proxyCommand } = lookUp(name);
  if (proxyJump !== undefined) return proxyJump === "none" ? [] : splitJumps([proxyJump]);
  if (proxyCommand === undefined) return [];
  throw new SmartsyncError(`could not prepare the way to ${name}: its ProxyCommand in ~/.ssh/config can't be run`, {
    kind: "config",
    code: "proxy-command",
    hint: 'set the target\'s `jump`, such as jump: "user@gate.example.jp", or sshConfig: false',
  });
}

/** As ssh does, the first jump host is itself reached through the jump hosts that are its own. */
function jumpsBefore(jumps: readonly Address[], lookUp: LookUp, seen: Set<string>): Address[] {
  const [first] = jumps;
  if (first === undefined || seen.has(first.host)) return [];
  const before = jumpsOf(first.host, lookUp);
  return [...jumpsBefore(before, lookUp, seen.add(first.host)), ...before];
}

function splitJumps(written: readonly string[]): Address[] {
  return written
    .flatMap((text) => text.split(","))
    .map((text) => {
      const [, user, bracketed, plain, port] =
        /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@/[\]\s]+|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*))(?::(\d+))?\/?$/i.exec(
          text.trim(),
        ) ?? [];
      const host = bracketed ?? plain;
      if (host !== undefined) return { host, user, port: port === undefined ? undefined : Number(port) };
      throw new SmartsyncError(`could not understand the jump host "${text.trim()}"`, {
        kind: "config",
        code: "bad-jump-host",
        hint: 'jump hosts are written "user@host:port"; user and port may be left out',
      });
    });
}
