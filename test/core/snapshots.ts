import { createHash } from "node:crypto";
import { parseRelPath, type RelPath } from "../../src/core/rel-path.ts";
import type { FileMeta, RemoteFile, RemoteSnapshot, Snapshot } from "../../src/core/snapshot.ts";

/** The SHA-256 of a text. */
export function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The text as a path; fails the test when it is none. */
export function relPath(text: string): RelPath {
  const path = parseRelPath(text);
  if (path === undefined) throw new Error(`not a relative path: ${JSON.stringify(text)}`);
  return path;
}

/** A source that holds these contents, by path. */
export function local(contents: Record<string, string>): Snapshot {
  const files = Object.entries(contents).map(([path, content]): FileMeta => {
    const size = Buffer.byteLength(content);
    return { path: relPath(path), size, sha256: sha256(content), mtimeMs: Date.UTC(2026, 10, 22), mode: 0o644 };
  });
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files: new Map(files.map((file) => [file.path, file])) };
}

/** A target that holds these contents, by path; null is a file nobody knows the content of. */
export function remote(contents: Record<string, string | null>, state = "7:4f1c"): RemoteSnapshot {
  const files = Object.entries(contents).map(([path, content]): RemoteFile => {
    const known = content ?? "whatever it is";
    return {
      path: relPath(path),
      size: Buffer.byteLength(known),
      sha256: content === null ? null : sha256(content),
    };
  });
  return { files: new Map(files.map((file) => [file.path, file])), state };
}
