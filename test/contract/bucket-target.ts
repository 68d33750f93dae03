import type { ObjectStore } from "../../src/targets/objects/object-store.ts";
import { objectTarget } from "../../src/targets/objects/object-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import type { StoreServer } from "./object-store-contract.ts";
import type { TargetServer, TargetTraits } from "./target-contract.ts";

/** What targets in buckets do otherwise than those on disks. */
export const BUCKET_TRAITS: Partial<TargetTraits> = {
  mtimes: false,
  modes: false,
  temporaryFiles: false,
  directories: false,
  servesVisitors: true,
};

/** Where in the bucket the site and its records are. */
interface BucketPlaces {
  readonly prefix: string;
  readonly statePrefix: string;
}

const OWN = ".smartsync/";

/**
 * A bucket as a server that targets are tested on, whichever provider's: stores that keep the object store contract
 * are trusted to look into it.
 */
export async function bucketTarget(
  server: StoreServer,
  { prefix, statePrefix }: BucketPlaces = { prefix: "", statePrefix: OWN },
): Promise<TargetServer> {
  const eye = await server.open();
  const ctx = testCtx();
  const keysBelow = async (below: string) =>
    (await Array.fromAsync(eye.list({ prefix: below }, ctx))).flat().map(({ key }) => key);
  const open = async (store: ObjectStore) =>
    objectTarget({ name: "bucket", store, prefix, state: { store, prefix: statePrefix } });

  return {
    open: async () => open(await server.open()),
    look: {
      read: async (path) => (await eye.get(prefix + path, ctx))?.content,
      write: async (path, content) => void (await eye.put(prefix + path, content, {}, ctx)),
      async listAll() {
        const paths = (await keysBelow(prefix)).map((key) => key.slice(prefix.length));
        return paths.filter((path) => !path.startsWith(OWN) && !(prefix + path).startsWith(statePrefix)).sort();
      },
      async listState() {
        const unseen = (await server.look.unfinished?.()) ?? [];
        return [...(await keysBelow(statePrefix)), ...unseen.map((key) => `unfinished ${key}`)].sort();
      },
      async stat(path) {
        const found = await eye.head(prefix + path, ctx);
        return found && { mtimeMs: found.mtimeMs ?? 0, mode: 0, isDirectory: false };
      },
      headers: (path) => server.look.headers(prefix + path),
      clear: server.clear,
    },
    async stop() {
      await eye[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}
