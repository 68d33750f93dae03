import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { type Change, type PutChange, pathOf } from "../../src/core/change.ts";
import { parentsOf } from "../../src/core/rel-path.ts";
import type { FileMeta } from "../../src/core/snapshot.ts";
import { throwIfAborted } from "../../src/lib/abort.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { OutgoingFile, Publication, PutResult, SendReport, Stage } from "../../src/targets/target.ts";
import type { MemoryFile, MemoryServer } from "./memory-target.ts";

/** What a stage in memory works with. */
interface MemoryStageParts {
  readonly server: MemoryServer;
  /** Takes a file in, whole, or throws. */
  receive(file: FileMeta, body: () => Readable, signal: AbortSignal): Promise<MemoryFile>;
  /** Lays a file into the document root. */
  show(path: string, file: MemoryFile): PutResult;
  /** Changes headers alone, as a bucket can. */
  serveAs?(file: FileMeta, heldEtag: string): PutResult | undefined;
  removeDirs(dirs: readonly string[]): void;
}

/** A stage in memory, which keeps the whole contract; `many`: it takes many files in one stream. */
export function openMemoryStage(
  { server, receive, show, removeDirs, serveAs }: MemoryStageParts,
  many: boolean,
): Stage {
  const { files, dirs, staged, kept } = server;
  let publication: Publication | undefined;
  const published = new Set<Change>();
  let before = new Set<string>();

  async function put(file: FileMeta, body: () => Readable, signal: AbortSignal): Promise<void> {
    staged.set(file.path, await receive(file, body, signal));
  }

  async function putMany(outgoing: readonly OutgoingFile[], signal: AbortSignal, report: SendReport): Promise<void> {
    for (const { file, body } of outgoing) {
      try {
        await put(file, body, signal);
      } catch (error) {
        throwIfAborted(signal);
        report.failed(file, error);
        continue;
      }
      report.progress?.(file, file.size);
      report.done(file, {});
    }
  }

  /** Compressed ones have another size than their file, and those that lie there already were not sent. */
  function isReady({ file, heldEtag }: PutChange): boolean {
    const lying = staged.get(file.path);
    if (lying === undefined) return heldEtag !== undefined;
    return file.serving?.compress !== undefined || lying.content.length === file.size;
  }

  function publishOne(change: Change): PutResult {
    if (change.kind === "delete") {
      files.delete(change.path);
      return {};
    }
    const { path } = change.file;
    const lying = staged.get(path);
    const result = change.heldEtag === undefined ? lying && show(path, lying) : serveAs?.(change.file, change.heldEtag);
    if (result === undefined) throw notStaged(path);
    return result;
  }

  function clear(): void {
    staged.clear();
    kept.clear();
  }

  clear();
  return {
    async put(file, body, { signal }) {
      await put(file, body, signal);
      return {};
    },
    ...(many && { putMany: (outgoing, { signal }, report) => putMany(outgoing, signal, report) }),

    async prepare(planned, { signal }) {
      throwIfAborted(signal);
      for (const change of planned.phases.flatMap(({ changes }) => changes)) {
        const path = pathOf(change);
        if (change.kind === "put" && !isReady(change)) throw notStaged(path);
        const found = files.get(path);
        if (found !== undefined) kept.set(path, found);
      }
      before = new Set(dirs);
      publication = planned;
    },

    async publish({ signal }, done) {
      for (const { name, changes } of publication?.phases ?? []) {
        for (const change of changes) {
          if (published.has(change)) continue;
          await setImmediate();
          throwIfAborted(signal);
          const result = publishOne(change);
          published.add(change);
          done(change, result);
        }
        if (name === "deletions") removeDirs(publication?.emptied ?? []);
      }
    },

    async revert({ signal }) {
      throwIfAborted(signal);
      for (const change of [...published].toReversed()) {
        const path = pathOf(change);
        const old = kept.get(path);
        if (change.kind === "put") files.delete(path);
        removeDirs([...dirs].filter((dir) => !before.has(dir)).sort((a, b) => b.length - a.length));
        if (old !== undefined) {
          for (const dir of parentsOf(path)) dirs.add(dir);
          files.set(path, old);
        }
        published.delete(change);
      }
      for (const dir of before) dirs.add(dir);
    },

    async [Symbol.asyncDispose]() {
      clear();
    },
  };
}

function notStaged(path: string): SmartsyncError {
  return new SmartsyncError(`can't publish ${path}: it does not lie in the stage, whole`, {
    kind: "conflict",
    code: "not-staged",
  });
}
