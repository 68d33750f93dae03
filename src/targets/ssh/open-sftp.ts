import type { z } from "zod";
import type { Ctx } from "../../core/context.ts";
import type { OpenOptions, Target } from "../target.ts";
import { assembleSshTarget } from "./assemble-ssh-target.ts";
import { openSshLine } from "./open-ssh-line.ts";
import type { sftpSchema } from "./sftp-target.ts";

/** Logs in and starts SFTP. */
export async function openSftp(config: z.output<typeof sftpSchema>, options: OpenOptions, ctx: Ctx): Promise<Target> {
  const line = await openSshLine(config, options, ctx);
  try {
    return await assembleSshTarget(line, config, { alwaysStages: config.releases }, ctx);
  } catch (error) {
    await line[Symbol.asyncDispose]();
    throw error;
  }
}
