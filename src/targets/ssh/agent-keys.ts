import ssh2, { type BaseAgent, type IdentityCallback, type ParsedKey } from "ssh2";
import { SmartsyncError } from "../../lib/errors.ts";

/** A key that an SSH agent holds. */
export interface AgentKey {
  /** The public key as SSH sends it. */
  readonly key: Buffer;
  readonly comment: string;
  /** An agent that has this key alone. */
  readonly agent: BaseAgent;
}

/** Asks the agent at a socket for its keys. Throws (kind config) when it does not answer. */
export async function listAgentKeys(socket: string): Promise<AgentKey[]> {
  const { promise, resolve, reject } = Promise.withResolvers<ParsedKey[]>();
  new ssh2.OpenSSHAgent(socket).getIdentities((error, keys = []) =>
    error ? reject(error) : resolve(keys.filter((key) => "getPublicSSH" in key)),
  );
  try {
    return (await promise).map((key) => ({
      key: key.getPublicSSH(),
      comment: key.comment,
      agent: Object.assign(new ssh2.OpenSSHAgent(socket), {
        getIdentities: (give: IdentityCallback<ParsedKey>) => give(undefined, [key]),
      }),
    }));
  } catch (cause) {
    throw new SmartsyncError(`could not ask the SSH agent at ${socket}: it does not answer`, {
      kind: "config",
      code: "agent-unreachable",
      hint: "start one with: eval $(ssh-agent) && ssh-add. Cron and services have an environment of their own: name the socket with `agent`",
      cause,
    });
  }
}
