import { z } from "zod";
import { CHECKSUMS, type Extra, PRESETS, presets } from "./presets.ts";

const text = z.string().min(1);
const folder = z
  .string()
  .regex(/^[^/]|^$/, { error: 'must begin without a slash: "docs/"', abort: true })
  .refine(
    (path) => path === "" || !/(^|\/)\.{0,2}\//.test(`${path}${path.endsWith("/") ? "" : "/"}`),
    'must have no empty, "." or ".." folders in it',
  );
const webAddress = z
  .string()
  .regex(/^https?:\/\/[^/?#@]+\/?$/, "an address is written https://host or https://host:port");

const fields = z.strictObject({
  type: z.literal("s3"),
  preset: z
    .enum(PRESETS)
    .default("aws")
    .describe("Whose store it is: sets endpoint, addressing, checksums and how much is sent at once."),
  bucket: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/,
      "a bucket's name has 3 to 255 letters, digits, dots, hyphens and underscores",
    )
    .describe("The bucket's name."),
  region: text.optional().describe("The bucket's region; when absent what AWS_REGION, the profile or the preset says."),
  prefix: folder.default("").describe('The folder in the bucket the site goes to: "docs/".'),
  endpoint: webAddress
    .optional()
    .describe("Where the store is reached, where the preset does not know: https://s3.example.jp."),
  addressing: z
    .enum(["virtual", "path"])
    .optional()
    .describe("Whether the bucket's name begins the host's name or the path; as the preset says when absent."),
  customDomain: webAddress
    .optional()
    .describe("A domain bound to the bucket that the store's own interface answers at: no bucket in host or path."),
  accessKeyId: text
    .optional()
    .describe("A key's public half; without keys the usual places are searched, as the AWS CLI does."),
  secretAccessKey: text.optional().describe("Its secret half; name a secret: ${env:S3_SECRET}."),
  sessionToken: text.optional().describe("What temporary keys come with; name a secret."),
  profile: text.optional().describe("The profile of ~/.aws/config and ~/.aws/credentials to use."),
  roleArn: text.optional().describe("A role to take on, with the keys or the profile, or with a web identity."),
  externalId: text.optional().describe("What the role's trust policy asks for besides."),
  sessionName: z
    .string()
    .regex(/^[\w+=,.@-]{2,64}$/, "2 to 64 letters, digits and + = , . @ -")
    .optional()
    .describe('What the role is taken on as, for logs; "smartsync" when absent.'),
  webIdentityTokenFile: text
    .optional()
    .describe("A file with an OpenID Connect token to take the role on with, relative to this file; needs no keys."),
  acl: z
    .enum(["private", "public-read", "authenticated-read", "bucket-owner-read", "bucket-owner-full-control"])
    .optional()
    .describe("A canned ACL for every object; none when absent, as most buckets refuse ACLs."),
  storageClass: text
    .optional()
    .describe("STANDARD_IA, INTELLIGENT_TIERING and the like; the bucket's own when absent."),
  sse: z
    .enum(["AES256", "aws:kms"])
    .optional()
    .describe("Encryption at rest with the store's keys or with KMS; the bucket's own when absent."),
  kmsKeyId: text.optional().describe("The KMS key to encrypt with; the account's own for S3 when absent."),
  tags: z
    .record(z.string().min(1).max(128), z.string().max(256))
    .optional()
    .describe("Tags for every object, at most ten: { site: corporate }."),
  checksums: z
    .enum(CHECKSUMS)
    .optional()
    .describe("Sent with every object besides the signed SHA-256; as the preset says when absent."),
  connections: z.int().min(1).max(1024).optional().describe("How many requests are under way at once, at most."),
  partSize: z
    .int()
    .min(5)
    .max(1024)
    .default(8)
    .describe("MiB. Files from this size on are sent in parts of it; a file has at most 10,000 parts."),
  stateBucket: text.optional().describe("The bucket smartsync keeps its records in; the same one when absent."),
  statePrefix: folder
    .min(1)
    .optional()
    .describe('What its records\' keys begin with; ".smartsync/" below the prefix when absent.'),
  timeout: z.number().min(1).max(3600).default(60).describe("Seconds without any sign of life to give up after."),
});

type Fields = z.output<typeof fields>;
/** What zod calls an issue that is not its own. */
const OWN_ISSUE = "custom";

type Check = readonly [path: keyof Fields, wrong: boolean, message: string];

const EXTRAS: readonly Extra[] = ["acl", "storageClass", "sse", "tags"];

/** Where a bucket is, who writes into it, and what every object in it is given. */
export const s3Schema = fields.superRefine((config, { addIssue }) => {
  for (const [path, wrong, message] of [...checkPlace(config), ...checkKeys(config), ...checkExtras(config)]) {
    if (wrong) addIssue({ code: OWN_ISSUE, path: [path], message });
  }
});

/** An S3 target's settings after parsing. */
export type S3Config = Fields;

function checkPlace({ preset, endpoint, customDomain, addressing, region }: Fields): Check[] {
  const { endpoint: known, region: usual } = presets[preset];
  const nowhere = preset !== "aws" && known === undefined && endpoint === undefined && customDomain === undefined;
  const example = preset === "r2" ? "https://<account id>.r2.cloudflarestorage.com" : "https://s3.example.jp";
  return [
    ["endpoint", nowhere, `the preset ${preset} has no endpoint of its own; write endpoint: ${example}`],
    [
      "region",
      known !== undefined && usual === undefined && region === undefined,
      `the preset ${preset} needs the bucket's region: cn-hangzhou, ap-northeast-1`,
    ],
    [
      "customDomain",
      customDomain !== undefined && endpoint !== undefined,
      "customDomain and endpoint exclude one another",
    ],
    [
      "addressing",
      customDomain !== undefined && addressing !== undefined,
      "a customDomain stands for the bucket itself; leave addressing out",
    ],
  ];
}

function checkKeys(config: Fields): Check[] {
  const { accessKeyId, secretAccessKey, sessionToken, profile, roleArn, webIdentityTokenFile } = config;
  const keys = accessKeyId !== undefined || secretAccessKey !== undefined;
  const roleless = roleArn === undefined;
  return [
    [
      "secretAccessKey",
      accessKeyId !== undefined && secretAccessKey === undefined,
      "accessKeyId needs its secretAccessKey",
    ],
    [
      "accessKeyId",
      secretAccessKey !== undefined && accessKeyId === undefined,
      "secretAccessKey needs its accessKeyId",
    ],
    ["sessionToken", sessionToken !== undefined && !keys, "sessionToken belongs to an accessKeyId"],
    ["profile", profile !== undefined && keys, "profile and accessKeyId exclude one another"],
    [
      "webIdentityTokenFile",
      webIdentityTokenFile !== undefined && roleless,
      "webIdentityTokenFile needs the roleArn to take on",
    ],
    [
      "webIdentityTokenFile",
      webIdentityTokenFile !== undefined && (keys || profile !== undefined),
      "webIdentityTokenFile takes the place of keys and profile",
    ],
    ["externalId", config.externalId !== undefined && roleless, "externalId belongs to a roleArn"],
    ["sessionName", config.sessionName !== undefined && roleless, "sessionName belongs to a roleArn"],
  ];
}

function checkExtras(config: Fields): Check[] {
  const { preset, checksums, connections, kmsKeyId, sse, tags } = config;
  const { checksums: possible, connections: allowed, lacks } = presets[preset];
  return [
    ...EXTRAS.map(
      (extra): Check => [
        extra,
        config[extra] !== undefined && lacks.includes(extra),
        `the preset ${preset} has no ${extra}`,
      ],
    ),
    ["kmsKeyId", kmsKeyId !== undefined && sse !== "aws:kms", "kmsKeyId needs sse: aws:kms"],
    ["tags", Object.keys(tags ?? {}).length > 10, "an object has at most ten tags"],
    [
      "checksums",
      checksums !== undefined && !possible.includes(checksums),
      `the preset ${preset} takes ${possible.join(" or ")}`,
    ],
    [
      "connections",
      (connections ?? 0) > allowed.most,
      `the preset ${preset} takes at most ${allowed.most} requests at once`,
    ],
  ];
}
