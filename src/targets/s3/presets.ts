import type { NameRules } from "../../core/names.ts";

/** The stores whose ways are known; "generic" is every other. */
export const PRESETS = ["aws", "alibaba-oss", "sakura", "r2", "minio", "ceph", "generic"] as const;

/** The name of a preset. */
export type PresetName = (typeof PRESETS)[number];

/** How bytes are checked besides the SHA-256 that every request is signed with. */
export const CHECKSUMS = ["none", "md5", "crc32", "sha256"] as const;

/** A kind of checksum. */
export type Checksum = (typeof CHECKSUMS)[number];

/** Settings that some stores answer with an error, or worse, ignore. */
export type Extra = "acl" | "storageClass" | "sse" | "tags";

/** What a store wants, takes and lacks. */
export interface Preset {
  /** Where it is reached in a region; absent where that is different for everybody. */
  readonly endpoint?: (region: string) => string;
  /** The region where none is configured; absent where it has to be, or is found out. */
  readonly region?: string;
  /** Whether the bucket's name begins the host's name or the path. */
  readonly addressing: "virtual" | "path";
  /** Without a checksum of its own where it is known to check the signed SHA-256, else MD5, which every store checks. */
  readonly checksums: readonly [usual: Checksum, ...others: Checksum[]];
  readonly connections: { readonly usual: number; readonly most: number };
  /** Whether `If-None-Match: *` on a PUT is known to be honoured. */
  readonly conditions: "yes" | "unproven";
  /** Ceph compares ETags without their quotes, and has another name for the condition of a copy. */
  readonly etagsAs: "standard" | "ceph";
  /** Whether objects can send visitors elsewhere (x-amz-website-redirect-location). */
  readonly redirects: boolean;
  readonly lacks: readonly Extra[];
  readonly names: NameRules;
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: up to 1,024 bytes of UTF-8, case matters.
const ANY_KEY: NameRules = {
  foldsCase: false,
  foldsUnicode: false,
  maxSegmentBytes: 1024,
  maxPathBytes: 1024,
  windows: false,
};

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

const ASCII_KEY: NameRules = {
  ...ANY_KEY,
  encodedLength: (name) => (PRINTABLE_ASCII.test(name) ? name.length : null),
};

const known = {
  checksums: ["none", "md5", "crc32", "sha256"],
  connections: { usual: 128, most: 1024 },
  conditions: "yes",
  etagsAs: "standard",
  redirects: true,
  lacks: [],
  names: ANY_KEY,
} as const satisfies Partial<Preset>;

const unproven = { ...known, checksums: ["md5", "none"], conditions: "unproven", redirects: false } as const;

/** What is known of every store, by the name its users give in `preset`. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  aws: { ...known, addressing: "virtual" },
  "alibaba-oss": {
    ...unproven,
    endpoint: (region) => `https://s3.oss-${region}.aliyuncs.com`,
    addressing: "virtual",
    connections: { usual: 64, most: 1024 },
  },
  sakura: {
    ...unproven,
    endpoint: () => "https://s3.isk01.sakurastorage.jp",
    region: "jp-north-1",
    addressing: "path",
    // It answers at most 100 requests at once, whoever sends them.
    connections: { usual: 64, most: 100 },
    lacks: ["storageClass", "sse", "tags"],
    names: ASCII_KEY,
  },
  r2: { ...known, region: "auto", addressing: "path", redirects: false, lacks: ["acl", "sse", "tags"] },
  minio: { ...known, region: "us-east-1", addressing: "path", redirects: false },
  ceph: { ...known, region: "us-east-1", addressing: "path", etagsAs: "ceph" },
  generic: {
    ...unproven,
    checksums: ["md5", "none", "crc32", "sha256"],
    region: "us-east-1",
    addressing: "path",
    connections: { usual: 32, most: 1024 },
    etagsAs: "ceph",
    redirects: true,
  },
};
