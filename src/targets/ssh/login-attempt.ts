import type { AuthHandlerMiddleware } from "ssh2";
import { SmartsyncError } from "../../lib/errors.ts";
import type { LoginWay, LoginWays } from "./login-ways.ts";
import type { Hop } from "./resolve-hops.ts";

/** One login: hands ssh2 a way after the other, and knows in the end why none was accepted. */
export interface LoginAttempt {
  readonly next: AuthHandlerMiddleware;
  /** What a way brought forth besides its refusal: an agent that would not sign. */
  note(message: string): void;
  /** Every way was tried: what ssh2 says now is that it was refused. */
  readonly exhausted: boolean;
  /** The error of a login that was refused; `why` is what the server said when it hung up. */
  refusal(why?: string): SmartsyncError;
  /** The way that was accepted. */
  readonly accepted: LoginWay | undefined;
}

/** Prepares a login. Ways that the server does not take are passed over: each costs a round trip, and failures count. */
export function createLoginAttempt(hop: Hop, { ways, notes }: LoginWays): LoginAttempt {
  let left = [...ways];
  let current: LoginWay | undefined;
  let offered: readonly string[] = [];
  let exhausted = false;
  const refused: LoginWay[] = [];
  const passed: LoginWay[] = [];
  const remarks = [...notes];

  function next(methods: readonly string[] | null, partly: boolean | null): Step {
    if (methods !== null) offered = methods;
    if (current !== undefined) (partly ? passed : refused).push(current);
    // Accepted, but the server wants another way besides (AuthenticationMethods of sshd_config(5)).
    if (partly) left = ways.filter((way) => !passed.includes(way) && !refused.includes(way));
    const at = left.findIndex(({ kind }) => methods === null || methods.includes(kind));
    current = left[at];
    left = left.slice(at + 1);
    if (current !== undefined) return current.method;
    // With nothing to try, an empty try tells what the server takes.
    if (methods === null) return "none";
    exhausted = true;
    return false;
  }

  return {
    next,
    note: (message) => remarks.push(message),
    get exhausted() {
      return exhausted;
    },
    get accepted() {
      return current;
    },
    refusal(why) {
      if (current !== undefined) refused.push(current);
      return refusal(hop, { refused, passed, offered, remarks }, why);
    },
  };
}

/** What ssh2 takes from an authHandler; its types leave out `false`, which ends the login. */
type Step = LoginWay["method"] | "none" | false;

interface Story {
  readonly refused: readonly LoginWay[];
  readonly passed: readonly LoginWay[];
  readonly offered: readonly string[];
  readonly remarks: readonly string[];
}

function refusal(hop: Hop, story: Story, why: string | undefined): SmartsyncError {
  const { refused, passed, offered, remarks } = story;
  const labels = (ways: readonly LoginWay[]): string => ways.map(({ label }) => label).join(", ");
  const parts = [
    ...(passed.length > 0 ? [`the server accepts ${labels(passed)}, and wants more besides`] : []),
    ...(refused.length > 0 ? [`the server does not accept ${labels(refused)}`] : []),
    ...(passed.length + refused.length === 0 ? ["there is nothing to log in with"] : []),
    ...(why === undefined ? [] : [`it says "${why}"`]),
    ...(offered.length > 0 ? [`it takes ${offered.join(", ")}`] : []),
    ...new Set(remarks),
  ];
  const message = `could not log in to ${hop.place}: ${parts.join("; ")}`;
  if (why !== undefined && /too many auth/i.test(why)) {
    return new SmartsyncError(message, {
      kind: "auth",
      code: "too-many-login-failures",
      hint: "name the one right key with `key`, so that no others are tried before it",
    });
  }
  return new SmartsyncError(message, { kind: "auth", code: "login-refused", hint: adviceFor(hop, story) });
}

function adviceFor(hop: Hop, { refused, offered }: Story): string {
  const takesPassword = offered.includes("password") || offered.includes("keyboard-interactive");
  const key = refused.find(({ kind }) => kind === "publickey");
  if (key !== undefined) {
    const file = key.publicKeyFile === undefined ? "" : `-i ${key.publicKeyFile} `;
    const copy = `ssh-copy-id ${file}-p ${hop.port} ${hop.user}@${hop.host}`;
    const instead = takesPassword ? "; or set `password`" : "";
    return `see whether \`user\` is right, and whether the server has the key's public half: ${copy}${instead}`;
  }
  if (!takesPassword) return "set `key` to a private key whose public half the server has, or start an SSH agent";
  if (hop.password === undefined) return "set `password`, or `key` to a private key whose public half the server has";
  return "see whether `user` and `password` are right; where a second factor is asked for, use a key";
}
