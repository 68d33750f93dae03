import { createHash, type Hash } from "node:crypto";
import type { Readable } from "node:stream";
import { type BytesVerdict, type ListedFile, likelyPartSizes } from "../core/identity.ts";
import type { FileMeta } from "../core/snapshot.ts";
import type { Source } from "../site/source.ts";
import { checkedBody, isSourceChanged } from "./checked-body.ts";

/**
 * Compares the bytes that lie on a target with a file's own, uncompressed: by size, then by the MD5 the target tells,
 * or what an etag says of the MD5s of parts. Reads the file only where that can decide; downloads nothing.
 */
export async function compareBytes(there: ListedFile, local: FileMeta, source: Source): Promise<BytesVerdict> {
  if (there.size !== local.size) return "different";
  const { md5, etag = "" } = there;
  const digests = md5 === undefined ? likelyPartSizes(etag, there.size).map(partsDigest) : [wholeDigest()];
  if (digests.length === 0) return "undecided";
  const open = () => source.open(local.path);
  try {
    await feed(
      checkedBody(local, open, () => {}),
      digests,
    );
  } catch (error) {
    if (isSourceChanged(error)) return "undecided";
    throw error;
  }
  if (digests.some((digest) => digest.value() === (md5 ?? etag))) return "equal";
  // The parts may have been of any other size.
  return md5 === undefined ? "undecided" : "different";
}

interface Digest {
  update(chunk: Uint8Array): void;
  value(): string;
}

async function feed(body: Readable, digests: readonly Digest[]): Promise<void> {
  for await (const chunk of body as AsyncIterable<Uint8Array>) for (const digest of digests) digest.update(chunk);
}

function wholeDigest(): Digest {
  const hash = createHash("md5");
  return { update: (chunk) => void hash.update(chunk), value: () => hash.digest("hex") };
}

/** The etag S3 gives an object sent in parts of so many bytes. */
function partsDigest(partSize: number): Digest {
  const all = createHash("md5");
  let parts = 0;
  let part: Hash | undefined;
  let room = partSize;

  function endPart(): void {
    if (part === undefined) return;
    all.update(part.digest());
    parts++;
    part = undefined;
    room = partSize;
  }

  return {
    update(chunk) {
      for (let at = 0; at < chunk.length; ) {
        part ??= createHash("md5");
        const piece = chunk.subarray(at, at + room);
        part.update(piece);
        at += piece.length;
        room -= piece.length;
        if (room === 0) endPart();
      }
    },
    value() {
      endPart();
      return `${all.digest("hex")}-${parts}`;
    },
  };
}
