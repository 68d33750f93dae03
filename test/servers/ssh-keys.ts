import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The kinds of key that OpenSSH makes. */
export type KeyKind = "ed25519" | "ecdsa" | "rsa";

/** A pair of keys in files. */
export interface KeyPair {
  readonly kind: KeyKind;
  /** The private half; the public one lies beside it under the same name with ".pub". */
  readonly file: string;
  /** "ssh-ed25519 AAAA…", without the comment. */
  readonly publicKey: string;
  /** "SHA256:…", as ssh-keygen -l shows it. */
  readonly fingerprint: string;
}

/** Makes a pair of keys, locked when a passphrase is given. */
export function makeKey(folder: string, name: string, kind: KeyKind, passphrase = ""): KeyPair {
  const file = join(folder, name);
  // RSA of the least size that OpenSSH takes without a word: larger ones take seconds to make.
  const size = kind === "rsa" ? ["-b", "2048"] : [];
  run("ssh-keygen", "-q", "-t", kind, ...size, "-N", passphrase, "-C", `${name} of the tests`, "-f", file);
  return {
    kind,
    file,
    publicKey: readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" "),
    fingerprint: run("ssh-keygen", "-l", "-f", `${file}.pub`).split(" ")[1] ?? "",
  };
}

/** Runs a command and gives what it printed; throws what it complained of. */
export function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
