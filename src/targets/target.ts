import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Ctx } from "../core/context.ts";
import type { NameRules } from "../core/names.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";

/** What this server can really do: probed at connect, not assumed. */
export interface TargetCaps {
  /** How many puts are worth having in flight. */
  readonly concurrency: number;
  readonly names: NameRules;
  /** A put replaces an existing file in one step, with no moment without it. */
  readonly atomicReplace: boolean;
  /** Keeps modification times and permission bits. */
  readonly mtimes: boolean;
  readonly modes: boolean;
  /** What the probe found, for `doctor`: ["MLSD", "MFMT", "TLSv1.3", …]. */
  readonly features: readonly string[];
}

/** A file as a target lists it. */
export interface RemoteMeta {
  readonly path: RelPath;
  readonly size: number;
  readonly mtimeMs?: number;
  readonly etag?: string;
}

/** What a server said of a file after it was put. */
export interface PutResult {
  readonly etag?: string;
}

/** The small files smartsync keeps on a target, apart from the site's own. Names are single ASCII segments. */
export interface StateStore {
  /** Where it lies, for people: the folder's path on the target. */
  readonly place: string;
  /** Where it lies below the document root (".smartsync"); absent when it is outside, where no visitor can get. */
  readonly webPath?: string;
  /** The content, or undefined only when it is certain that there is none. */
  read(name: string, ctx: Ctx): Promise<Uint8Array | undefined>;
  /** Replaces the content in one step; durable when it resolves, as far as the server can promise it. */
  write(name: string, content: Uint8Array, ctx: Ctx): Promise<void>;
  /** Removes these; absent ones are fine. */
  remove(names: readonly string[], ctx: Ctx): Promise<void>;
  /** Every name there, empty when the store does not exist yet. */
  list(ctx: Ctx): Promise<string[]>;
  /** Takes the lock and writes its owner; false when somebody has it. Atomic: of two callers one gets true. */
  takeLock(owner: Uint8Array, ctx: Ctx): Promise<boolean>;
  /** The owner's record; undefined when nobody has it; empty when somebody died between taking and writing it. */
  readLock(ctx: Ctx): Promise<Uint8Array | undefined>;
  /** Writes the owner's record anew (a heartbeat) without letting go of the lock. */
  writeLock(owner: Uint8Array, ctx: Ctx): Promise<void>;
  /** Gives the lock up; fine when nobody has it. */
  dropLock(ctx: Ctx): Promise<void>;
}

/**
 * A place a site is delivered to. Every call may be made many times at once; every failure is a SmartsyncError,
 * "transient" only where the same call may succeed a moment later. Aborting `ctx.signal` ends every call soon.
 */
export interface Target extends AsyncDisposable {
  readonly caps: TargetCaps;
  readonly state: StateStore;
  /** Every file below the prefix ("" for all), in no particular order; smartsync's own files are left out. */
  list(prefix: string, ctx: Ctx): AsyncIterable<RemoteMeta>;
  /** The whole content. Throws "not-found" only when it is certain that there is no such file. */
  get(path: RelPath, ctx: Ctx): Promise<Uint8Array>;
  /**
   * Sends a file; it becomes visible under its path only when whole. `body` gives a fresh stream per attempt; a
   * stream that errors (the content was not what the plan says) must leave the old file as it was, and the error
   * is rethrown as it is. Makes missing parent directories.
   */
  put(file: FileMeta, body: () => Readable, ctx: Ctx): Promise<PutResult>;
  /** Makes these directories and their parents, fast; those that exist are fine. Only a head start for put. */
  makeDirs(dirs: readonly string[], ctx: Ctx): Promise<void>;
  /** Deletes files; absent ones are fine. `done` is called for each as it is gone. */
  remove(paths: readonly RelPath[], ctx: Ctx, done?: (path: RelPath) => void): Promise<void>;
  /** Removes these directories, given deepest first, where they are empty; others stay. */
  removeDirs(dirs: readonly string[], ctx: Ctx): Promise<void>;
  /** Removes what interrupted puts of these paths may have left behind (their temporary files). */
  sweep(paths: readonly RelPath[], ctx: Ctx): Promise<void>;
}

/** What a target is told when it is opened, besides its own configuration. */
export interface OpenOptions {
  /** The target's name in the configuration, for events and messages. */
  readonly name: string;
  /** Relative paths in the configuration are relative to this folder: the configuration file's. */
  readonly baseDir: string;
  /** How many connections this host was found to accept, from an earlier run. */
  readonly learnedConnections?: number;
  /** Called when the host turned out to accept only so many connections. */
  readonly onLimitLearned?: (connections: number) => void;
}

/** A kind of target: what is configured and how it is opened. */
export interface TargetType<Schema extends z.ZodType = z.ZodType> {
  readonly type: string;
  /** The configuration's schema; includes `type` as a literal. Secrets are plain strings by the time of `open`. */
  readonly schema: Schema;
  /** Where it is, for people: "ftps://deploy@ftp.example.jp/public_html". Never a secret. */
  describe(config: z.output<Schema>): string;
  /** The directory of this machine it writes into, absolute, where it is one: a source may not overlap it. */
  localDir?(config: z.output<Schema>, baseDir: string): string;
  /** Opens it: connects, logs in, probes. Heavy libraries are imported here, not at the top of the file. */
  open(config: z.output<Schema>, options: OpenOptions, ctx: Ctx): Promise<Target>;
}

/** Defines a kind of target; gives back what it was given, with its types worked out. */
export function defineTarget<Schema extends z.ZodType>(type: TargetType<Schema>): TargetType<Schema> {
  return type;
}
