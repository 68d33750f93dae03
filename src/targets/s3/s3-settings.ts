import type { NameRules } from "../../core/names.ts";
import { type Checksum, type PresetName, presets } from "./presets.ts";
import type { S3Config } from "./s3-schema.ts";

/** A bucket's settings with everything the preset adds. */
export interface S3Settings {
  readonly preset: PresetName;
  readonly bucket: string;
  /** What the SDK's client is made with; `region` is absent where it has to be found out. */
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** The endpoint is the bucket's own: no bucket in host or path. */
  readonly bucketEndpoint: boolean;
  readonly forcePathStyle: boolean;
  readonly checksum: Checksum;
  readonly connections: number;
  readonly conditions: "yes" | "unproven";
  readonly etagsAs: "standard" | "ceph";
  readonly redirects: boolean;
  readonly names: NameRules;
  /** Headers of every object: ACL, storage class, encryption, tags. */
  readonly headers: Readonly<Record<string, string>>;
  /** An ETag of 32 hexadecimal digits is the MD5: not so where KMS encrypts. */
  readonly md5Etags: boolean;
  /** Bytes. */
  readonly partSize: number;
  readonly timeoutMs: number;
}

/** Puts the configuration and its preset together. Pure. */
export function settingsOf(config: S3Config): S3Settings {
  const preset = presets[config.preset];
  const region = config.region ?? preset.region;
  return {
    preset: config.preset,
    bucket: config.bucket,
    region,
    endpoint: config.customDomain ?? config.endpoint ?? (region === undefined ? undefined : preset.endpoint?.(region)),
    bucketEndpoint: config.customDomain !== undefined,
    forcePathStyle: (config.addressing ?? preset.addressing) === "path",
    checksum: config.checksums ?? preset.checksums[0],
    connections: config.connections ?? preset.connections.usual,
    conditions: preset.conditions,
    etagsAs: preset.etagsAs,
    redirects: preset.redirects,
    names: preset.names,
    headers: headersOfAll(config),
    md5Etags: config.sse !== "aws:kms",
    partSize: config.partSize * 1024 * 1024,
    timeoutMs: config.timeout * 1000,
  };
}

function headersOfAll({ acl, storageClass, sse, kmsKeyId, tags }: S3Config): Record<string, string> {
  return {
    ...(acl && { "x-amz-acl": acl }),
    ...(storageClass && { "x-amz-storage-class": storageClass }),
    ...(sse && { "x-amz-server-side-encryption": sse }),
    ...(kmsKeyId && { "x-amz-server-side-encryption-aws-kms-key-id": kmsKeyId }),
    ...(tags && Object.keys(tags).length > 0 && { "x-amz-tagging": String(new URLSearchParams(tags)) }),
  };
}
