import { addAbortSignal, type Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { nameFault } from "../../src/core/names.ts";
import { parentsOf, type RelPath } from "../../src/core/rel-path.ts";
import type { Serving } from "../../src/core/serving.ts";
import type { FileMeta } from "../../src/core/snapshot.ts";
import { throwIfAborted } from "../../src/lib/abort.ts";
import { type ErrorKind, SmartsyncError } from "../../src/lib/errors.ts";
import { isTempName } from "../../src/targets/files/own-names.ts";
import type { PutResult, StateStore, Target, TargetCaps } from "../../src/targets/target.ts";
import { openBucket } from "./memory-bucket.ts";
import { openMemoryStage } from "./memory-stage.ts";

/** A file as the memory server holds it. */
export interface MemoryFile {
  readonly content: Uint8Array;
  readonly mtimeMs: number;
  readonly mode: number;
  /** What a bucket keeps besides; etags as it gives them. */
  readonly sha256?: string;
  readonly serving?: Serving;
  readonly etag?: string;
}

/**
 * How a server in memory behaves like a bucket: "s3" has the MD5 for an etag, which it keeps when headers are changed,
 * and tells what was written beside an object only of one at a time; "gcs" numbers its objects and lists everything.
 */
export type BucketManner = "s3" | "gcs";

/** How a target stages: not at all, one file at a time, or many in one stream. */
type Stages = "not" | "singly" | "many";

/** A server in memory. What it holds is open to tests, which may also change it behind the target's back. */
export interface MemoryServer {
  readonly files: Map<string, MemoryFile>;
  readonly dirs: Set<string>;
  readonly states: Map<string, Uint8Array>;
  /** What lies in the stage, and what is kept there to be put back. */
  readonly staged: Map<string, MemoryFile>;
  readonly kept: Map<string, MemoryFile>;
  /** The lock's record; undefined when it is free. */
  lock: Uint8Array | undefined;
  /** How often anything was put. */
  version: number;
  /** Opens a target on it; any number may be open at once. It stages files one by one unless told otherwise. */
  open(caps?: Partial<TargetCaps>, stages?: Stages): Target;
  /** The same, as a bucket that answers visitors. */
  openBucket(manner: BucketManner, caps?: Partial<TargetCaps>, stages?: Stages): Target;
}

/** A server that holds everything in memory and keeps the whole target contract: for tests of what uses targets. */
export function createMemoryServer(): MemoryServer {
  const server: MemoryServer = {
    files: new Map(),
    dirs: new Set(),
    states: new Map(),
    staged: new Map(),
    kept: new Map(),
    lock: undefined,
    version: 0,
    open: (caps = {}, stages = "singly") => openTarget(server, { ...CAPS, ...caps }, stages),
    openBucket: (manner, caps = {}, stages = "singly") =>
      openTarget(
        server,
        { ...CAPS, names: { ...CAPS.names, flat: true }, servesVisitors: true, ...caps },
        stages,
        manner,
      ),
  };
  return server;
}

const CAPS: TargetCaps = {
  concurrency: 4,
  names: { foldsCase: false, foldsUnicode: false, maxSegmentBytes: 255, maxPathBytes: 4096, windows: false },
  atomicReplace: true,
  alwaysStages: false,
  mtimes: true,
  modes: true,
  features: ["memory"],
};

function openTarget(server: MemoryServer, caps: TargetCaps, stages: Stages, manner?: BucketManner): Target {
  const { files, dirs } = server;
  const bucket = manner && openBucket(server, manner);

  function makeDir(dir: string): void {
    for (const path of [dir, ...parentsOf(dir)]) {
      if (files.has(path)) throw failure("conflict", "not-a-directory", `there is a file in the way: ${path}`);
      dirs.add(path);
    }
  }

  async function take(file: FileMeta, body: () => Readable, signal: AbortSignal) {
    const { path, mtimeMs, mode, sha256, serving } = file;
    throwIfAborted(signal);
    const fault = nameFault(path, caps.names);
    if (fault) throw failure("config", "bad-name", `the name ${path} ${fault}`);
    const beside = caps.servesVisitors && serving ? { sha256, serving } : {};
    return { content: await receive(body, signal), mtimeMs, mode, ...beside };
  }

  function show(path: string, file: MemoryFile): PutResult {
    server.version++;
    if (bucket) return bucket.show(path, file);
    for (const dir of parentsOf(path).slice(0, 1)) makeDir(dir);
    if (dirs.has(path)) throw failure("conflict", "is-a-directory", `there is a directory in the way: ${path}`);
    files.set(path, file);
    return {};
  }

  function removeDirs(paths: readonly string[]): void {
    for (const path of paths) {
      const holds = [...files.keys(), ...dirs].some((inside) => inside.startsWith(`${path}/`));
      if (!holds) dirs.delete(path);
    }
  }

  return {
    caps,
    state: openState(server),
    async *list(prefix, { signal }) {
      throwIfAborted(signal);
      for (const [path, { content, mtimeMs }] of [...files]) {
        const own = path.startsWith(".smartsync/") || isTempName(path.slice(path.lastIndexOf("/") + 1));
        const below = prefix === "" || path.startsWith(`${prefix}/`);
        if (below && !own) yield { path: path as RelPath, size: content.length, mtimeMs };
      }
    },
    async get(path, { signal }) {
      throwIfAborted(signal);
      const found = files.get(path);
      if (found) return found.content;
      throw failure("not-found", "not-found", `there is no file ${path}`);
    },
    async put(file, body, { signal }) {
      return show(file.path, await take(file, body, signal));
    },
    async makeDirs(paths, { signal }) {
      throwIfAborted(signal);
      if (!bucket) for (const path of paths) makeDir(path);
    },
    async remove(paths, { signal }, done) {
      for (const path of paths) {
        throwIfAborted(signal);
        files.delete(path);
        done?.(path);
      }
    },
    async removeDirs(paths, { signal }) {
      throwIfAborted(signal);
      removeDirs(paths);
    },
    async sweep(_paths, { signal }) {
      throwIfAborted(signal);
    },
    ...bucket?.calls,
    ...(stages !== "not" && {
      async stage(_run, { signal }) {
        throwIfAborted(signal);
        const parts = { server, receive: take, show, removeDirs, ...(bucket && { serveAs: bucket.serveAs }) };
        return openMemoryStage(parts, stages === "many");
      },
    }),
    async [Symbol.asyncDispose]() {
      // Memory needs no closing.
    },
  };
}

function openState(server: MemoryServer): StateStore {
  return {
    place: "memory",
    async read(name, { signal }) {
      throwIfAborted(signal);
      return server.states.get(name);
    },
    async write(name, content, { signal }, mayReplace) {
      throwIfAborted(signal);
      await mayReplace?.();
      server.states.set(name, content.slice());
    },
    async remove(names, { signal }) {
      throwIfAborted(signal);
      for (const name of names) server.states.delete(name);
    },
    async list({ signal }) {
      throwIfAborted(signal);
      return [...server.states.keys()];
    },
    async takeLock(owner, { signal }) {
      throwIfAborted(signal);
      if (server.lock !== undefined) return false;
      server.lock = owner.slice();
      return true;
    },
    async readLock({ signal }) {
      throwIfAborted(signal);
      return server.lock;
    },
    async writeLock(owner, { signal }) {
      throwIfAborted(signal);
      server.lock = owner.slice();
    },
    async dropLock({ signal }) {
      throwIfAborted(signal);
      server.lock = undefined;
    },
  };
}

async function receive(body: () => Readable, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await buffer(addAbortSignal(signal, body()));
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

function failure(kind: ErrorKind, code: string, message: string): SmartsyncError {
  return new SmartsyncError(message, { kind, code });
}
