import { z } from "zod";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { openSshLine } from "../../src/targets/ssh/open-ssh-line.ts";
import type { SshLine } from "../../src/targets/ssh/ssh-line.ts";
import { type SshSettings, sshFields } from "../../src/targets/ssh/ssh-schema.ts";
import type { OpenOptions } from "../../src/targets/target.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";
import type { SshServer } from "../servers/sshd.ts";

const schema = z.strictObject(sshFields);

/** What a configuration says of a server that is known and logged in to by key, and more or other things. */
function settingsFor(server: SshServer, more: object = {}): SshSettings {
  const { host, port, user, key, knownHosts, path } = server;
  return schema.parse({ host, port, user, key, knownHosts, path, sshConfig: false, ...more });
}

/** Logs in to a server. */
export function openLine(
  server: SshServer,
  more: object = {},
  ctx: TestCtx = testCtx(),
  options: Partial<OpenOptions> = {},
): Promise<SshLine> {
  return openSshLine(settingsFor(server, more), { name: "web1", baseDir: server.home, ...options }, ctx);
}

/** The error that something fails with. */
export async function failure(work: Promise<unknown>): Promise<SmartsyncError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof SmartsyncError) return error;
  throw new Error(`expected a SmartsyncError, got ${error}`);
}

/** Why a server can't be logged in to. */
export async function refusal(
  server: SshServer,
  more: object,
  options: Partial<OpenOptions> = {},
): Promise<SmartsyncError> {
  return failure(openLine(server, more, testCtx(), options).then((line) => line[Symbol.asyncDispose]()));
}
