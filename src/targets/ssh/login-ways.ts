import type { AnyAuthMethod } from "ssh2";
import { SmartsyncError } from "../../lib/errors.ts";
import { listAgentKeys } from "./agent-keys.ts";
import { fingerprintOf } from "./judge-host-key.ts";
import { readKey, readPublicKey } from "./read-key.ts";
import type { Hop } from "./resolve-hops.ts";

/** Something to log in with. */
export interface LoginWay {
  /** For people: "the key /home/web/.ssh/id_ed25519 (SHA256:…)". */
  readonly label: string;
  /** What the server calls it. */
  readonly kind: "publickey" | "password" | "keyboard-interactive";
  /** The public half of a key lies in this file, or would. */
  readonly publicKeyFile?: string;
  readonly method: AnyAuthMethod;
}

/** Everything there is to log in to a server with, in the order to try it, and why some of it can't be used. */
export interface LoginWays {
  readonly ways: readonly LoginWay[];
  readonly notes: readonly string[];
}

/** Reads the keys, asks the agent. Throws when something that the configuration names can't be used. */
export async function collectLoginWays(hop: Hop): Promise<LoginWays> {
  const notes: string[] = [];
  const files = await readKeyFiles(hop, notes);
  const ways = files.flatMap(({ way }) => way ?? []);
  const locked = files.flatMap(({ locked }) => locked ?? []);
  ways.push(...(await agentWays(hop, ways, locked, notes)));
  const [failure] = locked.length > 0 && hop.keysFrom === "configuration" && ways.length === 0 ? locked : [];
  if (failure) throw failure.error;
  return { ways: [...ways, ...passwordWays(hop)], notes };
}

interface Locked {
  readonly error: SmartsyncError;
  readonly publicKey: Buffer | undefined;
}

type KeyFile = { way?: LoginWay; locked?: Locked };

function readKeyFiles(hop: Hop, notes: string[]): Promise<KeyFile[]> {
  return Promise.all(
    hop.keyFiles.map(async (file): Promise<KeyFile> => {
      try {
        const key = await readKey(file, hop.passphrase);
        const label = `the key ${file} (${fingerprintOf(key.getPublicSSH())})`;
        const method = { type: "publickey", username: hop.user, key } as const;
        return { way: { label, kind: "publickey", publicKeyFile: `${file}.pub`, method } };
      } catch (error) {
        if (!(error instanceof SmartsyncError)) throw error;
        if (error.code === "passphrase-missing") {
          notes.push(`the key ${file} is locked with a passphrase`);
          return { locked: { error, publicKey: await readPublicKey(file) } };
        }
        if (hop.keysFrom === "configuration") throw error;
        // Of the usual keys most are not there; a key of ~/.ssh/config may be, and others may do.
        if (error.code !== "key-missing" || hop.keysFrom === "ssh-config") notes.push(error.message);
        return {};
      }
    }),
  );
}

/** The agent's keys; for a key that the configuration names and that is locked, only that one. */
async function agentWays(
  hop: Hop,
  own: readonly LoginWay[],
  locked: readonly Locked[],
  notes: string[],
): Promise<LoginWay[]> {
  const { agent, agentNamed, keysFrom } = hop;
  const onlyLocked = keysFrom === "configuration" && !agentNamed;
  if (agent === undefined || (onlyLocked && locked.length === 0)) return [];
  try {
    const wanted = locked.flatMap(({ publicKey }) => publicKey ?? []);
    const keys = (await listAgentKeys(agent)).filter(
      ({ key }) => !onlyLocked || wanted.length < locked.length || wanted.some((other) => other.equals(key)),
    );
    if (keys.length === 0)
      notes.push(`the SSH agent at ${agent} has no ${onlyLocked ? "such " : ""}key: add it with ssh-add`);
    return keys
      .map(({ key, comment, agent }) => ({
        label: `the agent's key ${comment || "without a name"} (${fingerprintOf(key)})`,
        kind: "publickey" as const,
        method: { type: "agent" as const, username: hop.user, agent },
      }))
      .filter(({ label }) => !own.some((way) => sameKey(way.label, label)));
  } catch (error) {
    if (!(error instanceof SmartsyncError) || agentNamed) throw error;
    notes.push(error.message);
    return [];
  }
}

/** A key that was read from its file need not be tried a second time from the agent. */
function sameKey(one: string, other: string): boolean {
  return one.slice(one.lastIndexOf("(")) === other.slice(other.lastIndexOf("("));
}

function passwordWays({ user, password }: Hop): LoginWay[] {
  if (password === undefined) return [];
  return [
    { label: "the password", kind: "password", method: { type: "password", username: user, password } },
    {
      label: "the password, where it is asked for",
      kind: "keyboard-interactive",
      method: {
        type: "keyboard-interactive",
        username: user,
        prompt(_name, _instructions, _lang, prompts, answer) {
          // A question whose answer may be seen is not for the password; and asked twice, it was wrong.
          answer(prompts.map(({ echo }) => (echo ? "" : password)));
        },
      },
    },
  ];
}
