import { defineTarget } from "../target.ts";
import { ftpsSchema } from "./ftps-config.ts";

/** A document root on an FTP server: over TLS, or in plain FTP where the configuration says so by name. */
export const ftpsTarget = defineTarget({
  type: "ftps",
  schema: ftpsSchema,
  describe({ security, user, host, port, path }) {
    const where = `${user}@${host}${port === undefined ? "" : `:${port}`}${path}`;
    return `${security === "none" ? "ftp" : "ftps"}://${where}`;
  },
  async open(config, options, ctx) {
    const { openFtps } = await import("./open-ftps.ts");
    return openFtps(config, options, ctx);
  },
});
