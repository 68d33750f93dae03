import { objectTarget } from "../objects/object-target.ts";
import type { OpenOptions, Target } from "../target.ts";
import { keySource } from "./credentials.ts";
import { connectS3 } from "./s3-connection.ts";
import { s3ObjectStore } from "./s3-object-store.ts";
import type { S3Config } from "./s3-schema.ts";
import { settingsOf } from "./s3-settings.ts";

/** Opens a bucket as a target, and the one of the records where that is another. Nothing is sent yet. */
export async function openS3(config: S3Config, { name, baseDir }: OpenOptions): Promise<Target> {
  const open = async (bucket: string) => {
    const settings = settingsOf({ ...config, bucket });
    const connection = await connectS3(settings, {
      name,
      ...(config.profile !== undefined && { profile: config.profile }),
      keys: (line) => keySource(config, settings, line, baseDir),
    });
    return s3ObjectStore(connection);
  };
  const store = await open(config.bucket);
  const prefix = asFolder(config.prefix);
  const elsewhere = config.stateBucket !== undefined && config.stateBucket !== config.bucket;
  // Several buckets may keep their records in the same one.
  const usual = elsewhere ? `${config.bucket}/${prefix}` : `${prefix}.smartsync/`;
  const state = {
    store: elsewhere ? await open(config.stateBucket ?? config.bucket) : store,
    prefix: asFolder(config.statePrefix ?? usual),
  };
  return objectTarget({ name, store, prefix, state });
}

function asFolder(prefix: string): string {
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}
