import { resolve } from "node:path";
import { noTokens } from "../../cloud/access-tokens.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { objectTarget } from "../objects/object-target.ts";
import type { OpenOptions, Target } from "../target.ts";
import type { GcsConfig } from "./gcs-schema.ts";
import { createGcsStore } from "./gcs-store.ts";
import { createGcsWire } from "./gcs-wire.ts";
import { createStorageTokens } from "./storage-tokens.ts";

/** Opens a bucket as a target. Nothing is asked yet: the first call signs in. */
export async function openGcs(config: GcsConfig, { name, baseDir }: OpenOptions): Promise<Target> {
  const { bucket, prefix, stateBucket = bucket } = config;
  const own = stateBucket === bucket ? `${prefix}.smartsync/` : `${bucket}/${prefix}`;
  const store = await openGcsStore(config, bucket, baseDir);
  const state = stateBucket === bucket ? store : await openGcsStore(config, stateBucket, baseDir);
  return objectTarget({ name, store, prefix, state: { store: state, prefix: config.statePrefix ?? own } });
}

/** Opens one bucket of those that the configuration names. */
export async function openGcsStore(config: GcsConfig, bucket: string, baseDir: string): Promise<ObjectStore> {
  const { endpoint, keyFile, anonymous, connections, userProject, predefinedAcl, storageClass, kmsKeyName } = config;
  const tokens = anonymous ? noTokens : await createStorageTokens(keyFile && resolve(baseDir, keyFile));
  const wire = createGcsWire({ endpoint, tokens, connections, ...(userProject && { userProject }) });
  const settings = {
    ...(predefinedAcl && { predefinedAcl }),
    ...(storageClass && { storageClass }),
    ...(kmsKeyName && { kmsKeyName }),
  };
  const isGoogles = new URL(endpoint).hostname.endsWith(".googleapis.com");
  return createGcsStore({ bucket, wire, ...settings }, { connections, isGoogles });
}
