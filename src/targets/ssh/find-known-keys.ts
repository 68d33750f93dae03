import { createHmac } from "node:crypto";

/** A host key that a known_hosts file names for a host. */
export interface KnownKey {
  /** "ssh-ed25519", "ssh-rsa", … */
  readonly type: string;
  /** The public key as SSH sends it. */
  readonly key: Buffer;
  /** `@revoked`: never to be accepted again. */
  readonly revoked: boolean;
  /** Named for the host at any port, not for this one. */
  readonly anyPort: boolean;
  /** "/home/web/.ssh/known_hosts:12", for people. */
  readonly at: string;
}

const DEFAULT_PORT = 22;

/** How known_hosts names a host: by its name alone at port 22, else as "[name]:port". */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === DEFAULT_PORT ? name : `[${name}]:${port}`;
}

/**
 * The keys that the text of a known_hosts file names for a host (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain names,
 * patterns, negations and hashed names. Certificate authorities are passed over: we don't ask for certificates.
 */
export function findKnownKeys(text: string, file: string, host: string, port: number): KnownKey[] {
  const name = knownHostsName(host, port);
  const plain = host.toLowerCase();
  return text.split("\n").flatMap((line, index) => {
    const [, marker, hosts = "", type = "", key = ""] =
      /^\s*(?:@(\S+)\s+)?([^\s#@]\S*)\s+(\S+)\s+([A-Za-z0-9+/]+=*)/.exec(line) ?? [];
    if (key === "" || (marker !== undefined && marker !== "revoked")) return [];
    const here = matchesHosts(hosts, name);
    if (!here && !(name !== plain && matchesHosts(hosts, plain))) return [];
    const revoked = marker === "revoked";
    return [{ type, key: Buffer.from(key, "base64"), revoked, anyPort: !here, at: `${file}:${index + 1}` }];
  });
}

function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return matchesHash(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  const matching = patterns.filter((pattern) => matchesPattern(pattern.replace(/^!/, ""), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith("!"));
}

/** "|1|salt|hash": the HMAC-SHA1 of the name, keyed with the salt. */
function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt = "", hash = ""] = hosts.split("|");
  if (version !== "1") return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

function matchesPattern(pattern: string, name: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`).test(name);
}
