import type { Configure } from "./command.ts";

/** A command as the overview shows it; the rest of it is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Configure>;
}

/** Every command, in the order a newcomer meets them. A new one is one file and one entry here. */
export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "write a smartsync.yaml: asks, tests the connection",
    load: async () => (await import("./init.ts")).configureInit,
  },
  {
    name: "doctor",
    summary: "test every target: connect, log in, write, rename, list, delete; and the CDNs",
    load: async () => (await import("./doctor.ts")).configureDoctor,
  },
  {
    name: "plan",
    summary: "show what a delivery would do, and touch nothing",
    load: async () => (await import("./plan.ts")).configurePlan,
  },
  {
    name: "push",
    summary: "deliver a site to its targets",
    load: async () => (await import("./push.ts")).configurePush,
  },
  {
    name: "purge",
    summary: "purge addresses of a site, or all of it, from its CDNs",
    load: async () => (await import("./purge.ts")).configurePurge,
  },
  {
    name: "status",
    summary: "show the last delivery and the state of each target",
    load: async () => (await import("./status.ts")).configureStatus,
  },
  {
    name: "history",
    summary: "list past deliveries",
    load: async () => (await import("./history.ts")).configureHistory,
  },
  {
    name: "show",
    summary: "show everything about one delivery",
    load: async () => (await import("./show.ts")).configureShow,
  },
  {
    name: "rollback",
    summary: "switch targets back to an older release",
    load: async () => (await import("./rollback.ts")).configureRollback,
  },
  {
    name: "convert",
    summary: "lay a target's document root out for releases",
    load: async () => (await import("./convert.ts")).configureConvert,
  },
  {
    name: "unlock",
    summary: "free a target whose delivery died",
    load: async () => (await import("./unlock.ts")).configureUnlock,
  },
  {
    name: "schema",
    summary: "print the JSON Schema of smartsync.yaml",
    load: async () => (await import("./schema.ts")).configureSchema,
  },
];
