import { type Change, type PutReason, pathOf } from "./change.ts";
import type { RelPath } from "./rel-path.ts";
import { isSameEncoding } from "./serving.ts";
import type { FileMeta, RemoteFile, RemoteSnapshot, Snapshot } from "./snapshot.ts";

/** What a delivery leaves alone, and whether it sends what is there already. */
export interface DiffPolicy {
  /** Send every file again, changed or not. */
  readonly force: boolean;
  /** True for paths that the site's patterns leave alone on both sides: neither sent nor deleted. */
  excluded(path: string): boolean;
  /** When given, paths it is false for are left alone in this delivery. */
  readonly only?: (path: string) => boolean;
}

/** What has to happen to the target so that it holds the local files and nothing else, in path order. */
export function diff(local: Snapshot, remote: RemoteSnapshot, policy: DiffPolicy): Change[] {
  // The policy is asked only about paths that differ: patterns cost more than everything else here.
  const concerns = (path: RelPath) => !policy.excluded(path) && (policy.only === undefined || policy.only(path));
  const changes: Change[] = [];
  let common = 0;
  for (const file of local.files.values()) {
    const there = remote.files.get(file.path);
    if (there !== undefined) common++;
    const reason = reasonToPut(file, there) ?? (policy.force ? "forced" : undefined);
    if (reason !== undefined && concerns(file.path)) changes.push(putOf(file, reason, there));
  }
  if (common === remote.files.size) return changes.sort(byPath);
  for (const { path, sha256, size } of remote.files.values()) {
    if (local.files.has(path) || !concerns(path)) continue;
    changes.push({ kind: "delete", path, size: sha256 === null ? 0 : size });
  }
  return changes.sort(byPath);
}

function reasonToPut(file: FileMeta, there: RemoteFile | undefined): PutReason | undefined {
  if (there === undefined) return "new";
  if (there.sha256 === null && there.etag === undefined) return "unknown";
  if (there.sha256 !== file.sha256) return "content";
  return file.serving === undefined || file.serving.hash === there.serving ? undefined : "headers";
}

function putOf(file: FileMeta, reason: PutReason, there: RemoteFile | undefined): Change {
  const { etag, serving } = there ?? {};
  const isCopy = reason === "headers" && file.serving && serving && isSameEncoding(file.serving.hash, serving);
  return { kind: "put", file, reason, ...(isCopy && etag !== undefined ? { heldEtag: etag } : {}) };
}

function byPath(a: Change, b: Change): number {
  return pathOf(a) < pathOf(b) ? -1 : 1;
}
