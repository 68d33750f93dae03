import { resolve } from "node:path";
import { z } from "zod";
import { type Cdn, defineCdn } from "../../src/cdns/cdn.ts";
import { cdnSettings } from "../../src/cdns/cdn-settings.ts";
import { defineTarget, type Target } from "../../src/targets/target.ts";

const neverOpened = (): Promise<Target> => Promise.reject(new Error("no test of the configuration opens a target"));

const folder = defineTarget({
  type: "folder",
  schema: z.strictObject({ type: z.literal("folder"), path: z.string().min(1) }),
  describe: ({ path }) => `folder:${path}`,
  localDir: ({ path }, baseDir) => resolve(baseDir, path),
  open: neverOpened,
});

const server = defineTarget({
  type: "server",
  schema: z.strictObject({
    type: z.literal("server"),
    host: z.string().regex(/^[\w.-]+$/, "must be a host name"),
    port: z.int().min(1).max(65535).default(21),
    user: z.string().min(1).default("anonymous"),
    password: z.string().min(1).optional(),
    tls: z.enum(["explicit", "implicit"]).default("explicit"),
    path: z.string().startsWith("/").default("/"),
    aliases: z.array(z.string().max(20)).default([]),
  }),
  describe: ({ host, path, user }) => `server://${user}@${host}${path}`,
  open: neverOpened,
});

const edge = defineCdn({
  type: "edge",
  schema: z.strictObject({ type: z.literal("edge"), ...cdnSettings, zone: z.string().min(1), apiKey: z.string() }),
  describe: ({ zone }) => `zone ${zone}`,
  open: (): Promise<Cdn> => Promise.reject(new Error("no test of the configuration opens a CDN")),
});

/** Stands in for src/targets/index.ts: two kinds of target that the product doesn't have, so nothing can know them by name. */
export const targetTypes = [folder, server];

/** Stands in for src/cdns/index.ts in the same way. */
export const cdnTypes = [edge];
