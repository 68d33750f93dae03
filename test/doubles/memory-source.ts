import { Readable } from "node:stream";
import type { RelPath } from "../../src/core/rel-path.ts";
import type { FileMeta, Snapshot } from "../../src/core/snapshot.ts";
import type { Source } from "../../src/site/source.ts";
import { bodyOf, metaOf } from "./site-file.ts";

/** A source in memory; its files may be changed at any moment, as a CMS does. */
export interface MemorySource extends Source {
  readonly files: Map<string, string>;
}

/** A site that holds these files, by path. */
export function createMemorySource(content: Record<string, string>): MemorySource {
  const files = new Map(Object.entries(content));
  return {
    files,
    isExcluded: () => false,
    scan: async () => ({ snapshot: snapshotOf(files), problems: [], hashed: files.size }),
    async rescan(path) {
      const text = files.get(path);
      return text === undefined ? undefined : metaOf(path, Buffer.from(text));
    },
    open(path) {
      const text = files.get(path);
      return text === undefined ? missing(path) : bodyOf(Buffer.from(text))();
    },
    // Small files go the other way in the tests with real ones.
    read: () => undefined,
  };
}

function snapshotOf(files: ReadonlyMap<string, string>): Snapshot {
  const metas = [...files].sort().map(([path, text]): [RelPath, FileMeta] => {
    const meta = metaOf(path, Buffer.from(text));
    return [meta.path, meta];
  });
  return { files: new Map(metas) };
}

function missing(path: string): Readable {
  const error = Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  return new Readable({ read: (): void => void 0, construct: (callback) => callback(error) });
}
