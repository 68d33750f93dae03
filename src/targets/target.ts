import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Change } from "../core/change.ts";
import type { Ctx } from "../core/context.ts";
import type { NameRules } from "../core/names.ts";
import type { Phase } from "../core/plan.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { FileMeta } from "../core/snapshot.ts";
import type { Hooks } from "./hook.ts";

/** What this server can really do: probed at connect, not assumed. */
export interface TargetCaps {
  /** How many puts are worth having in flight. */
  readonly concurrency: number;
  readonly names: NameRules;
  /** A put replaces an existing file in one step, with no moment without it. */
  readonly atomicReplace: boolean;
  /**
   * Visitors are answered by the target itself, as a bucket does: it keeps each file's headers, and is given
   * `FileMeta.serving` with every file. Absent where a web server of its own decides how files are served.
   */
  readonly servesVisitors?: boolean;
  /** False where visitors are answered and can't be sent elsewhere: `Serving.redirect` is ignored then. */
  readonly redirects?: false;
  /** Keeps modification times and permission bits. */
  readonly mtimes: boolean;
  readonly modes: boolean;
  /** Every delivery is staged: uploaded beside what visitors see, then published. Others stage when a site asks for it. */
  readonly alwaysStages: boolean;
  /** What the probe found, for `doctor`: ["MLSD", "MFMT", "TLSv1.3", …]. */
  readonly features: readonly string[];
}

/** A file as a target lists it. */
export interface RemoteMeta {
  readonly path: RelPath;
  /** Of the bytes that lie there: compressed ones, where they were compressed on their way. */
  readonly size: number;
  readonly mtimeMs?: number;
  readonly etag?: string;
  /** Lower-case hexadecimal MD5 of the bytes that lie there, where the target says it for certain. */
  readonly md5?: string;
  /** What smartsync wrote beside the file when it put it: `FileMeta.sha256` and `Serving.hash`. */
  readonly sha256?: string;
  readonly serving?: string;
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
  /**
   * Replaces the content in one step; durable when it resolves, as far as the server can promise it. `mayReplace` is
   * waited for before that step, and when it rejects the old content stays; the new one may be on its way meanwhile.
   */
  write(name: string, content: Uint8Array, ctx: Ctx, mayReplace?: () => Promise<void>): Promise<void>;
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

/** A file on its way: what it is, and a fresh stream of its bytes per attempt. */
export interface OutgoingFile {
  readonly file: FileMeta;
  body(): Readable;
}

/** What sending many files in one stream tells as it goes. */
export interface SendReport {
  /** The file is whole where it was sent. */
  done(file: FileMeta, result: PutResult): void;
  /** This one file can't be sent as it is (its body errored); the others go on. */
  failed(file: FileMeta, error: unknown): void;
  /** So many bytes of it are sent; told now and then, and not at all of what takes no time. */
  progress?(file: FileMeta, sent: number): void;
}

/** What a stage publishes: the plan's phases in order, and the directories that come and go with them. */
export interface Publication {
  readonly phases: readonly Phase[];
  /** Directories of puts that the target is not known to have, parents first. */
  readonly missingDirs: readonly string[];
  /** Directories that hold nothing any more once the deletions are made, deepest first. */
  readonly emptied: readonly string[];
}

/**
 * A delivery laid beside what visitors see, until it is published. A target has one at most, whose lock its owner
 * holds. Any of `prepare`, `publish` and `revert` may be called again after a transient failure and goes on where it
 * stopped. Disposing takes away everything that lies beside: what was not published, and what was kept.
 */
export interface Stage extends AsyncDisposable {
  /** Sends a file to lie beside, with everything `Target.put` promises; a later put of the same path replaces it. */
  put(file: FileMeta, body: () => Readable, ctx: Ctx): Promise<PutResult>;
  /**
   * The same for many files, where the transport has something better than one at a time. Rejects when the transport
   * failed; what was told as done stays done, and a further call goes on with the rest. A file that nothing was told
   * of is left to `put`.
   */
  putMany?(files: readonly OutgoingFile[], ctx: Ctx, report: SendReport): Promise<void>;
  /**
   * Makes publishing a matter of renames: everything that `publication` puts is there and whole, and what it will
   * replace or delete is kept so that `revert` can put it back. Nothing that visitors see changes.
   */
  prepare(publication: Publication, ctx: Ctx): Promise<void>;
  /**
   * Publishes what was prepared, in its order; `done` is called for each change as visitors see it, with what the server
   * said where it says it only then. A put with a `heldEtag` was never sent: it is published by `Target.serveAs`.
   */
  publish(ctx: Ctx, done: (change: Change, result?: PutResult) => void): Promise<void>;
  /** Puts back everything that `publish` replaced or deleted, and takes away what it added. */
  revert(ctx: Ctx): Promise<void>;
}

/** A whole version of the site kept on a target. */
export interface Release {
  /** The run that delivered it, or another name for one that was there before. */
  readonly name: string;
  /** Visitors see this one. */
  readonly current: boolean;
}

/** What turning a plain document root into one with releases would do, and doing it. */
export interface Conversion {
  /** Step by step, for people. */
  readonly steps: readonly string[];
  run(ctx: Ctx): Promise<void>;
}

/** The versions of a site that a target keeps, of which it serves one. */
export interface Releases {
  /** Newest first; empty before the first delivery. */
  list(ctx: Ctx): Promise<Release[]>;
  /** Serves another one, in one step. "not-found" when there is none of this name. */
  switchTo(name: string, ctx: Ctx): Promise<void>;
  /** What is to be done before releases can be used; undefined when nothing is. */
  conversion(ctx: Ctx): Promise<Conversion | undefined>;
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
  /**
   * Begins to stage a run's delivery, where the target can; takes away, or uses, what an interrupted one left. `coming`
   * are the files to be put, where that is known: a target that has to write down what it holds does it once for all.
   */
  stage?(run: string, ctx: Ctx, coming?: readonly RelPath[]): Promise<Stage>;
  /**
   * Looks for what a delivery needs besides (programs on either side) and says what was found: ["rsync 3.2.7 here"].
   * Only for `doctor`, since it costs round trips. Throws what a delivery would fail with.
   */
  examine?(ctx: Ctx): Promise<readonly string[]>;
  readonly releases?: Releases;
  readonly hooks?: Hooks;
  /**
   * Lists the whole site on every run, where that is cheap and tells more than smartsync's own records: what is there,
   * with its etag. `known` are paths that are likely there, in order: they may serve to list many parts at once. What
   * `isNoNews` says of a file, once that is there, may be left out.
   */
  survey?(
    known: readonly RelPath[],
    ctx: Ctx,
    isNoNews?: Promise<(file: RemoteMeta) => boolean>,
  ): Promise<ReadonlyMap<RelPath, RemoteMeta>>;
  /** Everything the target says of one file, where that is more than a survey tells; undefined when it is not there. */
  describe?(path: RelPath, ctx: Ctx): Promise<RemoteMeta | undefined>;
  /**
   * Serves a file's bytes that are there already as `file.serving` says, without sending them; undefined, and nothing
   * changed, when the file no longer has this etag.
   */
  serveAs?(file: FileMeta, heldEtag: string, ctx: Ctx): Promise<PutResult | undefined>;
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
  /** Asks the person at the terminal; absent where nobody is there. `details` are shown line by line. */
  readonly confirm?: (question: string, details: readonly string[]) => Promise<boolean>;
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
