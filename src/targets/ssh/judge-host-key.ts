import { createHash } from "node:crypto";
import type { KnownKey } from "./find-known-keys.ts";

/** What the known keys of a host say of the one it shows. */
export type Judgement =
  | { readonly verdict: "unknown" }
  | { readonly verdict: "trusted" | "changed" | "revoked"; readonly known: KnownKey };

/** Judges the key that a host shows by those that are known of it. */
export function judgeHostKey(known: readonly KnownKey[], shown: Buffer): Judgement {
  const same = known.filter(({ key }) => key.equals(shown));
  const revoked = same.find((entry) => entry.revoked);
  if (revoked) return { verdict: "revoked", known: revoked };
  const [trusted] = same;
  if (trusted) return { verdict: "trusted", known: trusted };
  // What is known of another port only speaks for a key, never against one: it may be another server.
  const here = known.filter((entry) => !entry.revoked && !entry.anyPort);
  const other = here.find(({ type }) => type === keyType(shown)) ?? here[0];
  return other ? { verdict: "changed", known: other } : { verdict: "unknown" };
}

/** A key's fingerprint as `ssh-keygen -l` shows it: "SHA256:" and base64 without padding. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type a public key names itself (RFC 4253, 6.6): "ssh-ed25519". */
export function keyType(key: Buffer): string {
  return key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

/** Host key algorithms by the type of key they use, best first. RSA only with SHA-2, SHA-1 last of all for old servers. */
const ALGORITHMS = [
  ["ssh-ed25519", "ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"],
  ["ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"],
  ["ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "ssh-rsa"],
  ["rsa-sha2-256", "ssh-rsa"],
  ["ssh-rsa", "ssh-rsa"],
] as const;

/** The name of a host key algorithm. */
export type HostKeyAlgorithm = (typeof ALGORITHMS)[number][0];

/**
 * The algorithms to ask a server for: those of key types that are known of it first, so that a server with several
 * keys shows the one that can be judged; none of `without`.
 */
export function hostKeyAlgorithms(known: readonly KnownKey[], without: readonly string[] = []): HostKeyAlgorithm[] {
  const types = new Set(known.filter(({ revoked }) => !revoked).map(({ type }) => type));
  const wanted = ALGORITHMS.filter(([, type]) => !without.includes(type));
  return [...wanted.filter(([, type]) => types.has(type)), ...wanted.filter(([, type]) => !types.has(type))].map(
    ([algorithm]) => algorithm,
  );
}
