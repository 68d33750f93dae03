import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { forEachAtOnce } from "../../src/lib/for-each.ts";
import type { BucketLook, ListedObject } from "./bucket-looks.ts";
import { type Visible, visibleAs } from "./bucket-site.ts";

/** What is in a bucket at a moment when nobody is at work. */
export interface FoundObjects {
  /** The site's objects, by path. */
  readonly objects: ReadonlyMap<string, ListedObject>;
  readonly visible: Visible;
  /** The keys of smartsync's own objects. */
  readonly own: readonly string[];
}

const OWN = ".smartsync/";
/** All that lies in the state of a bucket between two deliveries. */
const AT_REST = [/^\.smartsync\/head\.json$/, /^\.smartsync\/manifest-[^/]+\.gz$/];
const SETTLED_MS = 60;

/** A way to see what is in a bucket, which reads again only what was written again. */
export function openEyes({ list, read }: BucketLook): () => Promise<FoundObjects> {
  const known = new Map<string, string>();

  async function readAll(listed: ReadonlyMap<string, ListedObject>): Promise<Visible | undefined> {
    const visible = new Map<string, string>();
    let isQuiet = true;
    await forEachAtOnce([...listed], 32, async ([key, { etag, writtenAt }]) => {
      const name = `${key}\0${etag}\0${writtenAt}`;
      if (!known.has(name)) {
        const object = await read(key);
        if (object?.etag === etag) known.set(name, visibleAs(object.content, object.cacheControl));
      }
      const seen = known.get(name);
      if (seen === undefined) isQuiet = false;
      else visible.set(key, seen);
    });
    return isQuiet ? visible : undefined;
  }

  return async () => {
    for (let last = await list(); ; ) {
      // The store may still be at work on what a killed process asked for.
      await delay(SETTLED_MS);
      const now = await list();
      const isSame = JSON.stringify([...now]) === JSON.stringify([...last]);
      last = now;
      if (!isSame) continue;
      const own = [...now.keys()].filter((key) => key.startsWith(OWN));
      const objects = new Map([...now].filter(([key]) => !key.startsWith(OWN)));
      const visible = await readAll(objects);
      if (visible) return { objects, visible, own };
    }
  };
}

/** Nothing is there but the site and the records of its last delivery. */
export async function expectNothingLeft(look: BucketLook, { own }: FoundObjects): Promise<void> {
  expect(await look.unfinished(), "unfinished").toEqual([]);
  expect(own.filter((key) => !AT_REST.some((pattern) => pattern.test(key)))).toEqual([]);
  expect(own).toHaveLength(AT_REST.length);
}
