import { relative, resolve } from "node:path";
import { PRESETS, type PresetName, presets } from "../targets/s3/presets.ts";
import { choose } from "./ask.ts";
import type { FirstTarget } from "./config-text.ts";
import type { Console } from "./console.ts";
import type { InitOptions, Interview } from "./init-answers.ts";

/** The kinds of first target that are buckets. */
export type BucketType = "s3" | "azure-blob" | "gcs";

/** What is asked with, and asks for a secret by the name of its variable. */
export interface BucketInterview {
  readonly options: InitOptions;
  readonly ask: Interview;
  readonly console: Console;
  /** Whether questions may be asked at all. */
  readonly mayAsk: boolean;
}

/** A bucket as a first target, without its secret: `secret` is the setting that is to name one. */
export interface FirstBucket {
  readonly settings: FirstTarget["settings"];
  readonly secret?: { readonly setting: string; readonly what: string; readonly variable: string };
}

/** Asks whatever the options leave open about a bucket. */
export async function gatherBucket(type: BucketType, interview: BucketInterview): Promise<FirstBucket> {
  if (type === "azure-blob") return gatherAzure(interview);
  return type === "gcs" ? gatherGcs(interview) : gatherS3(interview);
}

const STORES: Readonly<Record<PresetName, string>> = {
  aws: "Amazon S3",
  "alibaba-oss": "Alibaba Cloud OSS",
  sakura: "Sakura Object Storage",
  r2: "Cloudflare R2",
  minio: "MinIO",
  ceph: "Ceph",
  generic: "another store that speaks S3",
};

async function gatherS3(interview: BucketInterview): Promise<FirstBucket> {
  const { options, ask, console, mayAsk } = interview;
  const choices = PRESETS.map((value) => ({ value, name: STORES[value] }));
  const preset = options.preset ?? (mayAsk ? await choose(console, "Whose store is it?", choices) : "aws");
  const { endpoint: usual, region: usualRegion } = presets[preset];
  const bucket = await ask("--bucket", options.bucket, "Which bucket?");
  const region = await ask(
    "--region",
    options.region ?? (usualRegion === undefined ? undefined : ""),
    preset === "aws" ? "In which region? (or nothing: it is found out)" : "In which region?",
    preset === "aws" ? { preset: "" } : {},
  );
  const endpoint = await ask(
    "--endpoint",
    options.endpoint ?? (preset === "aws" || usual !== undefined ? "" : undefined),
    "Where is the store reached? (https://…)",
  );
  const question = `Which access key id${preset === "aws" ? "? (or nothing: keys are found as the AWS CLI finds them)" : "?"}`;
  const keyId = await ask("--user", options.user, question, preset === "aws" ? { preset: "" } : {});
  const settings = {
    ...{ type: "s3", preset, bucket },
    ...given({ region, endpoint, accessKeyId: keyId }),
    ...(await gatherFolders("stateBucket", interview)),
  };
  if (keyId === "") return { settings };
  return { settings, secret: { setting: "secretAccessKey", what: "secret access key", variable: "S3_SECRET" } };
}

async function gatherAzure(interview: BucketInterview): Promise<FirstBucket> {
  const { options, ask } = interview;
  const account = await ask("--account", options.account, "Which storage account?");
  const container = await ask("--bucket", options.bucket, "Which container? ($web is the static website's)", {
    preset: "$web",
  });
  const settings = {
    ...{ type: "azure-blob", account, container },
    ...given({ endpoint: options.endpoint ?? "" }),
    ...(await gatherFolders("stateContainer", interview)),
  };
  return { settings, secret: { setting: "accountKey", what: "account's key", variable: "AZURE_STORAGE_KEY" } };
}

async function gatherGcs(interview: BucketInterview): Promise<FirstBucket> {
  const { options, ask, console } = interview;
  const bucket = await ask("--bucket", options.bucket, "Which bucket?");
  const question = "Which file has a service account's key? (or nothing: signed in as gcloud or this machine is)";
  const key = await ask("--key", options.key, question, { preset: "" });
  const way = key === "" ? "" : relative(resolve(console.options.config, ".."), resolve(key));
  const settings = {
    ...{ type: "gcs", bucket },
    ...given({ endpoint: options.endpoint ?? "", keyFile: way }),
    ...(await gatherFolders("stateBucket", interview)),
  };
  return { settings };
}

async function gatherFolders(
  setting: "stateBucket" | "stateContainer",
  { options, ask }: BucketInterview,
): Promise<Record<string, string>> {
  const prefix = await ask("--path", options.path, "Into which folder of it? (such as docs/, or nothing: to its top)", {
    preset: "",
  });
  const what = setting === "stateBucket" ? "bucket" : "container";
  const question = `Which other ${what} keeps smartsync's records, where visitors can't read them? (or nothing: the same)`;
  const apart = await ask("--state-bucket", options.stateBucket, question, { preset: "" });
  return given({ prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`, [setting]: apart });
}

/** Without what was left empty. */
function given(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
}
