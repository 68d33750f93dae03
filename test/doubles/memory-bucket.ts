import { createHash } from "node:crypto";
import type { RelPath } from "../../src/core/rel-path.ts";
import type { FileMeta } from "../../src/core/snapshot.ts";
import { throwIfAborted } from "../../src/lib/abort.ts";
import type { PutResult, RemoteMeta, Target } from "../../src/targets/target.ts";
import type { BucketManner, MemoryFile, MemoryServer } from "./memory-target.ts";

/** What a server in memory does besides when it behaves like a bucket. */
interface MemoryBucket {
  readonly calls: Pick<Target, "survey" | "describe" | "serveAs">;
  show(path: string, file: MemoryFile): PutResult;
  serveAs(file: FileMeta, heldEtag: string): PutResult | undefined;
}

/** A bucket in memory. Objects that another tool put there are files in `server.files` without an etag. */
export function openBucket(server: MemoryServer, manner: BucketManner): MemoryBucket {
  const { files } = server;

  function etagOf({ content, etag }: MemoryFile): string {
    return manner === "s3" ? (etag ?? md5Of(content)) : (etag ?? `foreign-${md5Of(content)}`);
  }

  function metaOf(path: string, file: MemoryFile, isWhole: boolean): RemoteMeta {
    const { content, mtimeMs, sha256, serving } = file;
    const etag = etagOf(file);
    // In S3 the etag is all that is said of the content, and it is the MD5 only where it looks like one.
    const md5 = manner === "gcs" ? md5Of(content) : /^[0-9a-f]{32}$/.test(etag) ? etag : undefined;
    return {
      path: path as RelPath,
      size: content.length,
      mtimeMs,
      etag,
      ...(md5 === undefined ? {} : { md5 }),
      ...(isWhole && sha256 !== undefined ? { sha256 } : {}),
      ...(isWhole && serving !== undefined ? { serving: serving.hash } : {}),
    };
  }

  function show(path: string, file: MemoryFile): PutResult {
    const etag = manner === "s3" ? md5Of(file.content) : `v${server.version}`;
    files.set(path, { ...file, etag });
    return { etag };
  }

  function serveAs({ path, sha256, serving }: FileMeta, heldEtag: string): PutResult | undefined {
    const found = files.get(path);
    if (found === undefined || serving === undefined || etagOf(found) !== heldEtag) return undefined;
    server.version++;
    const etag = manner === "s3" ? heldEtag : `v${server.version}`;
    files.set(path, { ...found, sha256, serving, etag });
    return { etag };
  }

  return {
    show,
    serveAs,
    calls: {
      async survey(_known, { signal }) {
        throwIfAborted(signal);
        const metas = [...files].map(([path, file]) => metaOf(path, file, manner === "gcs"));
        return new Map(metas.map((meta) => [meta.path, meta]));
      },
      async describe(path, { signal }) {
        throwIfAborted(signal);
        const found = files.get(path);
        return found && metaOf(path, found, true);
      },
      async serveAs(file, heldEtag, { signal }) {
        throwIfAborted(signal);
        return serveAs(file, heldEtag);
      },
    },
  };
}

function md5Of(content: Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}
