import { hash } from "node:crypto";
import { Readable } from "node:stream";
import type { FileMeta } from "../core/snapshot.ts";
import { WholeBody } from "../lib/whole-body.ts";
import { compressBody } from "../site/compress-body.ts";
import type { Source } from "../site/source.ts";
import { asSourceChanged, checkedBody, sourceChanged } from "./checked-body.ts";

/**
 * A file's bytes as its target is given them: checked against the plan, then compressed where it is served so. `passed`
 * is told how many bytes of the file itself went by.
 */
export function bodyToSend(file: FileMeta, source: Source, passed: (bytes: number) => void): Readable {
  const body = readAtOnce(file, source, passed) ?? checkedBody(file, () => source.open(file.path), passed);
  const how = file.serving?.compress;
  return how === undefined ? body : compressBody(body, how);
}

/** What `checkedBody` gives, of a small file for a third of its cost; undefined of a large one. */
function readAtOnce(file: FileMeta, source: Source, passed: (bytes: number) => void): Readable | undefined {
  try {
    const content = source.read(file.path);
    if (content === undefined) return undefined;
    if (content.length !== file.size || hash("sha256", content) !== file.sha256) return failing(sourceChanged(file));
    passed(content.length);
    return new WholeBody(content);
  } catch (error) {
    return failing(asSourceChanged(file, error));
  }
}

function failing(error: Error): Readable {
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}
