import { z } from "zod";
import { defineTarget } from "../target.ts";
import { hooksField } from "./hooks.ts";
import { releasesFields } from "./releases/releases-schema.ts";
import { sshFields } from "./ssh-schema.ts";

/** Where an SFTP server is, how one logs in, and what is done there. */
export const sftpSchema = z.strictObject({
  type: z.literal("sftp"),
  ...sshFields,
  ...releasesFields,
  hooks: hooksField,
});

/** A document root on a server that is spoken to by SFTP alone: no shell is needed but for releases and hooks. */
export const sftpTarget = defineTarget({
  type: "sftp",
  schema: sftpSchema,
  describe({ user, host, port, path }) {
    return `sftp://${user === undefined ? "" : `${user}@`}${host}${port === undefined ? "" : `:${port}`}${path}`;
  },
  async open(config, options, ctx) {
    const { openSftp } = await import("./open-sftp.ts");
    return openSftp(config, options, ctx);
  },
});
