import { readFile } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";
import { SmartsyncError } from "../../lib/errors.ts";

/** Reads a private key file. Every failure says what to do: `code` tells "passphrase-missing" and "key-missing" apart. */
export async function readKey(file: string, passphrase?: string): Promise<ParsedKey> {
  const content = await readKeyFile(file);
  const parsed = ssh2.utils.parseKey(content, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error || key === undefined) throw unusable(file, key?.message ?? "it is empty", passphrase);
  if (key.isPrivateKey()) return key;
  throw new SmartsyncError(`could not use the key ${file}: it is a public key`, {
    kind: "config",
    code: "key-unsupported",
    hint: "`key` names the private half, which mostly has the same name without .pub",
  });
}

/** The public half that lies beside a private key file, as SSH sends it; undefined when there is none that can be read. */
export async function readPublicKey(file: string): Promise<Buffer | undefined> {
  try {
    const key = ssh2.utils.parseKey(await readFile(`${file}.pub`));
    return key instanceof Error ? undefined : key.getPublicSSH();
  } catch {
    // It is only a help to pick the agent's right key: without it all of them are tried.
    return undefined;
  }
}

async function readKeyFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT") {
      throw new SmartsyncError(`could not read the key ${file}: there is no such file`, {
        kind: "config",
        code: "key-missing",
        hint: "`key` names a private key file, relative to the configuration file or beginning with ~/",
        cause,
      });
    }
    throw new SmartsyncError(
      `could not read the key ${file}: ${code === "EACCES" ? "permission denied" : cause instanceof Error ? cause.message : cause}`,
      { kind: "config", code: "key-unreadable", hint: "the user who runs smartsync must be able to read it", cause },
    );
  }
}

function unusable(file: string, why: string, passphrase: string | undefined): SmartsyncError {
  if (/no passphrase given/.test(why)) {
    return new SmartsyncError(`could not use the key ${file}: it is locked with a passphrase`, {
      kind: "auth",
      code: "passphrase-missing",
      hint: "set `passphrase` to a secret, such as ${env:KEY_PASSPHRASE}, or load the key into an SSH agent with ssh-add",
    });
  }
  if (passphrase !== undefined && /bad passphrase|integrity check failed|decrypt/i.test(why)) {
    return new SmartsyncError(`could not unlock the key ${file}: the passphrase is wrong`, {
      kind: "auth",
      code: "passphrase-wrong",
      hint: `see what \`passphrase\` holds; try it by hand with: ssh-keygen -y -f ${file}`,
    });
  }
  return new SmartsyncError(`could not use the key ${file}: ${why[0]?.toLowerCase()}${why.slice(1)}`, {
    kind: "config",
    code: "key-unsupported",
    hint: `Ed25519, ECDSA and RSA keys in OpenSSH's, PEM or PuTTY's format are understood; ssh-keygen -p -f ${file} rewrites a key in OpenSSH's`,
  });
}
