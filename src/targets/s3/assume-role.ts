import { hash } from "node:crypto";
import type { HttpLine } from "../../lib/http-line.ts";
import { s3Error, type Where } from "./s3-error.ts";
import { failureOfAnswer } from "./s3-failure.ts";
import { type SigningKeys, signV4 } from "./sign-v4.ts";
import { unansweredError } from "./unanswered-error.ts";
import { readElement } from "./xml.ts";

/** Keys for a while, as the SDK takes them. */
export interface TemporaryKeys extends SigningKeys {
  readonly expiration: Date;
}

/** A role, who takes it on, and where. */
export interface RoleRequest {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId?: string;
  /** The keys to sign with, or the web identity that takes their place. */
  readonly identity: { readonly keys: SigningKeys } | { readonly webIdentityToken: string };
  readonly endpoint: URL;
  readonly region: string;
}

/**
 * Takes on a role: AssumeRole or AssumeRoleWithWebIdentity (https://docs.aws.amazon.com/STS/latest/APIReference/),
 * which is one signed POST. Throws "permission-denied", "credentials-wrong" and the like.
 */
export async function assumeRole(line: HttpLine, request: RoleRequest, signal: AbortSignal): Promise<TemporaryKeys> {
  const { identity, endpoint, region, roleArn } = request;
  const byToken = "webIdentityToken" in identity;
  const where: Where = {
    deed: { doing: "take on the role", action: byToken ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRole" },
    what: roleArn,
    bucket: "",
    resource: `${roleArn} (and see the role's trust policy)`,
    region,
  };
  const body = Buffer.from(String(new URLSearchParams(parametersOf(request))));
  const headers = { host: endpoint.host, "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const unsigned = { method: "POST", path: "/", query: "", headers, payloadHash: hash("sha256", body, "hex") };
  const scope = { service: "sts", region, nowMs: Date.now() };
  const signed = byToken ? headers : signV4(unsigned, { ...scope, keys: identity.keys });
  const answer = await line
    .send(endpoint, { method: "POST", path: "/", headers: signed, body }, signal)
    .catch((cause: unknown) => {
      throw unansweredError(cause, endpoint.host, where);
    });
  const xml = answer.body.toString();
  const accessKeyId = readElement(xml, "AccessKeyId");
  const secretAccessKey = readElement(xml, "SecretAccessKey");
  const sessionToken = readElement(xml, "SessionToken");
  const expiration = new Date(readElement(xml, "Expiration") ?? Number.NaN);
  if (answer.status !== 200 || !accessKeyId || !secretAccessKey || !sessionToken) {
    throw s3Error(failureOfAnswer(answer), where);
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}

function parametersOf({ roleArn, sessionName, externalId, identity }: RoleRequest): Record<string, string> {
  const byToken = "webIdentityToken" in identity;
  return {
    Action: byToken ? "AssumeRoleWithWebIdentity" : "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId !== undefined && !byToken && { ExternalId: externalId }),
    ...(byToken && { WebIdentityToken: identity.webIdentityToken }),
  };
}
