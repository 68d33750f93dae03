import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GcsBucket } from "../../../src/targets/gcs/gcs-bucket.ts";
import { createGcsStore } from "../../../src/targets/gcs/gcs-store.ts";
import { createGcsWire } from "../../../src/targets/gcs/gcs-wire.ts";
import { createStorageTokens } from "../../../src/targets/gcs/storage-tokens.ts";
import type { ObjectStore } from "../../../src/targets/objects/object-store.ts";
import type { StoreLook } from "../../contract/object-store-contract.ts";
import { type GcsFake, type GcsFakeOptions, startGcsFake } from "../../doubles/gcs-fake/gcs-fake.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

/** The bucket the tests deliver to. */
export const BUCKET = "www-example";

/** A fake with one bucket, and stores on it that take it for Google's own. */
export interface FakeBucketServer extends AsyncDisposable {
  readonly fake: GcsFake;
  /** The configuration of a workload identity that the fake knows. */
  readonly keyFile: string;
  open(settings?: Partial<GcsBucket>): Promise<ObjectStore>;
  readonly look: StoreLook;
  /** Empties it, of uploads too. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the fake and lays what signs in there into files. */
export async function startFakeBucket(options: GcsFakeOptions = {}): Promise<FakeBucketServer> {
  const fake = await startGcsFake([BUCKET], options);
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-gcs-"));
  const keyFile = join(scratch, "identity.json");
  const tokenFile = join(scratch, "oidc-token");
  await writeFile(tokenFile, fake.tokens.trusted);
  await writeFile(keyFile, JSON.stringify(fake.identity(tokenFile)));
  const stop = async () => {
    await fake.stop();
    await rm(scratch, { recursive: true, force: true });
  };
  return {
    fake,
    keyFile,
    async open(settings = {}) {
      const tokens = await createStorageTokens(keyFile);
      // Signed in, so that what a test measures are requests.
      await tokens.get(testCtx());
      const wire = createGcsWire({ endpoint: fake.endpoint, tokens, connections: 32 });
      return createGcsStore({ bucket: BUCKET, wire, ...settings }, { connections: 32, isGoogles: true });
    },
    look: {
      async headers(key) {
        const object = fake.buckets.get(BUCKET)?.get(key);
        if (object === undefined) throw new Error(`there is no ${key}`);
        const { contentType, cacheControl, contentEncoding, contentDisposition, contentLanguage } = object.served;
        const headers = {
          "content-type": contentType,
          "cache-control": cacheControl,
          "content-encoding": contentEncoding,
          "content-disposition": contentDisposition,
          "content-language": contentLanguage,
        };
        const metadata = Object.entries(object.metadata).map(([name, value]) => [`meta-${name}`, value]);
        const given = Object.entries(headers).filter(([, value]) => value !== undefined);
        return Object.fromEntries([...given, ...metadata]);
      },
      unfinished: async () => [...fake.uploads()],
    },
    async clear() {
      fake.buckets.get(BUCKET)?.clear();
      fake.log.length = 0;
      fake.trouble = () => undefined;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
