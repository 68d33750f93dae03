import type { StagedFile } from "../send-many.ts";

const MAX_FILES = 2_000;
const MAX_BYTES = 256 * 1024 * 1024;

/** These in their order, in parts that a local disk has room for; a file larger than such a part makes one of its own. */
export function* batchesOf(files: readonly StagedFile[]): Generator<readonly StagedFile[]> {
  let batch: StagedFile[] = [];
  let bytes = 0;
  for (const staged of files) {
    const { size } = staged.file;
    if (batch.length > 0 && (batch.length === MAX_FILES || bytes + size > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(staged);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
