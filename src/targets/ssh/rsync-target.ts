import { z } from "zod";
import { defineTarget } from "../target.ts";
import { hooksField } from "./hooks.ts";
import { releasesFields } from "./releases/releases-schema.ts";
import { sshFields } from "./ssh-schema.ts";

/** Where a server with SSH and rsync is, how one logs in, and what is done there. */
export const rsyncSchema = z.strictObject({
  type: z.literal("rsync"),
  ...sshFields,
  ...releasesFields,
  hooks: hooksField,
  rsyncPath: z
    .string()
    .regex(/^[A-Za-z0-9_./][^\0\r\n]*$/, "a program is named by its path from /, or as it is found on the PATH")
    .default("rsync")
    .describe("The rsync program on the server, where it is not on its PATH."),
  compress: z.boolean().default(false).describe("Compress on the way: for slow lines."),
  fallback: z
    .literal("sftp")
    .optional()
    .describe("Send over SFTP, with a warning, where this machine or the server has no rsync; else the run fails."),
});

/** A document root on a server with SSH and rsync: rsync lays the files beside it, SFTP publishes and keeps the records. */
export const rsyncTarget = defineTarget({
  type: "rsync",
  schema: rsyncSchema,
  describe({ user, host, port, path }) {
    return `rsync+ssh://${user === undefined ? "" : `${user}@`}${host}${port === undefined ? "" : `:${port}`}${path}`;
  },
  async open(config, options, ctx) {
    const { openRsync } = await import("./rsync/open-rsync.ts");
    return openRsync(config, options, ctx);
  },
});
