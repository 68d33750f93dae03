import { appendFileSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { OpenOptions } from "../target.ts";
import { expandHome } from "./expand-home.ts";
import { findKnownKeys, type KnownKey, knownHostsName } from "./find-known-keys.ts";
import { fingerprintOf, judgeHostKey, keyType } from "./judge-host-key.ts";
import type { Hop } from "./resolve-hops.ts";
import type { SshSettings } from "./ssh-schema.ts";

/** Decides whether a server is who it says it is. */
export interface HostKeyCheck {
  /** The keys that are known of it. */
  readonly known: readonly KnownKey[];
  /** What vouched for the key that was accepted: "host key SHA256:… as /home/web/.ssh/known_hosts:12 says". */
  readonly vouched: string;
  /** The types of the keys that were refused so far. */
  readonly refusedTypes: readonly string[];
  /** This very key was accepted before: the server shows it again whenever keys are exchanged anew. */
  isAccepted(shown: Buffer): boolean;
  /** Resolves when the key may be trusted; throws (kind auth) otherwise. Asks at the terminal where that is possible. */
  accept(shown: Buffer): Promise<void>;
}

/** The file of all users (ssh_config(5), GlobalKnownHostsFile). */
const GLOBAL_FILE = "/etc/ssh/ssh_known_hosts";

/** Reads what is known of a server. */
export async function createHostKeyCheck(
  hop: Hop,
  settings: Pick<SshSettings, "knownHosts" | "insecure">,
  options: OpenOptions,
  ctx: Pick<Ctx, "emit">,
  home: string,
): Promise<HostKeyCheck> {
  const file = resolve(options.baseDir, expandHome(settings.knownHosts ?? "~/.ssh/known_hosts", home));
  const pinned = hop.fingerprint ?? settings.insecure;
  const files = pinned === undefined ? [file, ...(settings.knownHosts === undefined ? [GLOBAL_FILE] : [])] : [];
  const texts = await Promise.all(files.map(readKnownHosts));
  const known = texts.flatMap((text, at) => findKnownKeys(text, files[at] ?? "", hop.host, hop.port));
  const refusedTypes: string[] = [];
  let accepted: Buffer | undefined;
  let vouched = "";

  /** Gives who says that the key is right. */
  async function decide(shown: Buffer): Promise<string> {
    if (hop.fingerprint !== undefined) {
      checkFingerprint(hop, hop.fingerprint, shown);
      return "as `fingerprint` says";
    }
    if (settings.insecure !== undefined) return "not checked";
    const judgement = judgeHostKey(known, shown);
    switch (judgement.verdict) {
      case "trusted":
        return `as ${judgement.known.at} says`;
      case "unknown":
        await ask(hop, shown, file, options, ctx);
        return "as was confirmed just now";
      default:
        throw mismatch(hop, judgement.verdict, judgement.known, shown);
    }
  }

  return {
    known,
    get vouched() {
      return vouched;
    },
    refusedTypes,
    isAccepted: (shown) => accepted?.equals(shown) ?? false,
    async accept(shown) {
      refusedTypes.push(keyType(shown));
      vouched = `host key ${fingerprintOf(shown)} ${await decide(shown)}`;
      refusedTypes.pop();
      accepted = shown;
    },
  };
}

async function readKnownHosts(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    throw new SmartsyncError(
      `could not read the known host keys in ${file}: ${cause instanceof Error ? cause.message : cause}`,
      {
        kind: "config",
        code: "known-hosts-unreadable",
        hint: "let the user who runs smartsync read it, or name another file with `knownHosts`",
        cause,
      },
    );
  }
}

function checkFingerprint(hop: Hop, wanted: string, shown: Buffer): void {
  const seen = fingerprintOf(shown);
  if (seen === wanted.replace(/=$/, "")) return;
  throw new SmartsyncError(
    `could not trust ${hop.host}: it shows the ${keyType(shown)} key ${seen}, and \`fingerprint\` says ${wanted}`,
    {
      kind: "auth",
      code: "host-key-changed",
      hint: "somebody may be posing as the server. Ask its owner for the fingerprint; only when it is this one, correct `fingerprint`",
    },
  );
}

function mismatch(hop: Hop, verdict: "changed" | "revoked", known: KnownKey, shown: Buffer): SmartsyncError {
  const shows = `it shows the ${keyType(shown)} key ${fingerprintOf(shown)}`;
  if (verdict === "revoked") {
    return new SmartsyncError(`could not trust ${hop.host}: ${shows}, which ${known.at} revokes`, {
      kind: "auth",
      code: "host-key-revoked",
      hint: "this key is known to be in the wrong hands: ask the server's owner",
    });
  }
  return new SmartsyncError(
    `could not trust ${hop.host}: ${shows}, and ${known.at} says ${known.type} ${fingerprintOf(known.key)}`,
    {
      kind: "auth",
      code: "host-key-changed",
      hint: `somebody may be posing as the server. Ask its owner whether the key was replaced; only then: ssh-keygen -R "${knownHostsName(hop.host, hop.port)}" -f ${known.at.replace(/:\d+$/, "")}`,
    },
  );
}

async function ask(hop: Hop, shown: Buffer, file: string, options: OpenOptions, ctx: Pick<Ctx, "emit">): Promise<void> {
  const fingerprint = fingerprintOf(shown);
  const name = knownHostsName(hop.host, hop.port);
  if (options.confirm === undefined) {
    throw new SmartsyncError(
      `could not trust ${hop.host}: it is not known in ${file}, and shows the ${keyType(shown)} key ${fingerprint}`,
      {
        kind: "auth",
        code: "host-key-unknown",
        hint: `when you know that this is its fingerprint, trust it with the line: fingerprint: "${fingerprint}"; or: ssh-keyscan -p ${hop.port} ${hop.host} >> ${file}`,
      },
    );
  }
  const yes = await options.confirm(`Trust the server ${name} from now on?`, [
    `${name} is not known in ${file}.`,
    `It shows the ${keyType(shown)} key ${fingerprint}`,
    "Ask its owner whether this is its fingerprint.",
  ]);
  if (!yes) {
    throw new SmartsyncError(`could not trust ${hop.host}: its key ${fingerprint} was not accepted`, {
      kind: "auth",
      code: "host-key-unknown",
      hint: "ask the server's owner for its fingerprint",
    });
  }
  await remember(`${name} ${keyType(shown)} ${shown.toString("base64")}`, file, options.name, ctx);
}

async function remember(line: string, file: string, target: string, ctx: Pick<Ctx, "emit">): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // In one go, so that of several targets on the same new server only the first notes it.
    appendFileSync(file, "", { mode: 0o600 }); // makes it where there is none
    const text = readFileSync(file, "utf8");
    if (text.split("\n").includes(line)) return;
    appendFileSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`);
  } catch (cause) {
    ctx.emit({
      type: "warning",
      target,
      code: "host-key-not-kept",
      message: `the host key could not be noted in ${file}: ${cause instanceof Error ? cause.message : cause}`,
      hint: "it will be asked for again",
    });
  }
}
