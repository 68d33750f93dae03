import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SmartsyncError } from "../../lib/errors.ts";
import type { HttpLine } from "../../lib/http-line.ts";
import { assumeRole } from "./assume-role.ts";
import { type BucketLookup, type KeySource, openLookup } from "./bucket-lookup.ts";
import type { S3Config } from "./s3-schema.ts";
import type { S3Settings } from "./s3-settings.ts";

/** Where keys are taken from when the configuration names a place; undefined for the SDK's own chain, with its profile. */
export function keySource(
  config: S3Config,
  settings: S3Settings,
  line: HttpLine,
  baseDir: string,
): KeySource | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, roleArn, webIdentityTokenFile } = config;
  const keys =
    accessKeyId !== undefined && secretAccessKey !== undefined
      ? { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
      : undefined;
  if (roleArn === undefined) return keys;

  const region = settings.region ?? "us-east-1";
  let lookup: Promise<BucketLookup> | undefined;
  const findKeys = async () => {
    lookup ??= openLookup(settings, keys, config.profile);
    return (await lookup).findKeys(false);
  };
  return async () => {
    const identity =
      webIdentityTokenFile === undefined
        ? { keys: await findKeys() }
        : { webIdentityToken: await readToken(resolve(baseDir, webIdentityTokenFile)) };
    const request = {
      roleArn,
      sessionName: config.sessionName ?? "smartsync",
      ...(config.externalId !== undefined && { externalId: config.externalId }),
      identity,
      endpoint: stsEndpoint(settings, region),
      region,
    };
    return assumeRole(line, request, AbortSignal.timeout(settings.timeoutMs));
  };
}

/** AWS has a security token service in each region; compatibles that have one answer at the store's own endpoint. */
function stsEndpoint({ preset, endpoint }: S3Settings, region: string): URL {
  const aws = `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  return new URL(process.env.AWS_ENDPOINT_URL_STS ?? (preset === "aws" ? aws : (endpoint ?? aws)));
}

/** Read anew each time: whoever writes such a file renews it before the token in it expires. */
async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new SmartsyncError(`could not read the web identity token ${file}`, {
      kind: "auth",
      code: "credentials-missing",
      hint: "in CI, let the job write its OpenID Connect token there first",
      cause,
    });
  }
}
