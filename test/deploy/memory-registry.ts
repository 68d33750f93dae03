import { z } from "zod";
import type { Target } from "../../src/targets/target.ts";
import { defineTarget } from "../../src/targets/target.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";

/** The servers in memory that a configuration's targets of type "memory" lead to, by name. */
export const servers = new Map<string, MemoryServer>();

/** What a test does to a target as it is opened, by the server's name. */
export const changes = new Map<string, (target: Target) => Target>();

const memory = defineTarget({
  type: "memory",
  schema: z.strictObject({
    type: z.literal("memory"),
    server: z.string(),
    stages: z.enum(["not", "singly", "many"]).default("singly"),
    alwaysStages: z.boolean().default(false),
    bucket: z.enum(["s3", "gcs"]).optional(),
    releases: z.boolean().default(false),
  }),
  describe: ({ server }) => `memory:${server}`,
  async open({ server: name, stages, alwaysStages, bucket }) {
    const server = servers.get(name) ?? createMemoryServer();
    servers.set(name, server);
    const target = bucket ? server.openBucket(bucket, { alwaysStages }, stages) : server.open({ alwaysStages }, stages);
    return changes.get(name)?.(target) ?? target;
  },
});

/** Stands in for src/targets/index.ts. */
export const targetTypes = [memory];
