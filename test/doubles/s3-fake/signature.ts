import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { demand, S3Fault } from "./fault.ts";
import type { S3Request } from "./request.ts";

/** What may sign requests, and until when. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials: sent with every request. */
  readonly sessionToken?: string;
  /** Milliseconds since the epoch by the fake's clock; for ever when absent. */
  readonly expires?: number;
}

/** What a signature is made of besides the body, whichever of AWS's services it is for. */
export type SignedRequest = Pick<S3Request, "method" | "path" | "query" | "headers">;

/** How far a request's time may be from the server's. */
const SKEW_MS = 15 * 60_000;
const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Checks a request's signature as AWS publishes it ("Authenticating Requests: Using the Authorization Header, AWS
 * Signature Version 4"), with nothing taken from smartsync's own signer. Gives the region it was signed for.
 */
export function checkSignature(
  request: SignedRequest,
  credentials: ReadonlyMap<string, S3Credentials>,
  now: number,
): { readonly region: string; readonly signer: S3Credentials } {
  const { headers } = request;
  demand(headers.authorization !== undefined, 403, "AccessDenied", "Access Denied: the request is not signed");
  const form = FORM.exec(headers.authorization);
  if (form === null) throw new S3Fault(400, "AuthorizationHeaderMalformed", "The authorization header is malformed");
  const [, accessKeyId = "", day = "", region = "", service = "", signedHeaders = "", signature = ""] = form;
  const signer = credentials.get(accessKeyId);
  demand(signer !== undefined, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist");
  checkTime(headers["x-amz-date"] ?? "", day, now);
  checkToken(signer, headers["x-amz-security-token"], now);
  const names = signedHeaders.split(";");
  checkNames(names, headers);

  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical(request, names))].join("\n");
  const expected = createHmac("sha256", signingKey(signer.secretAccessKey, day, region, service))
    .update(toSign)
    .digest();
  const matches = timingSafeEqual(expected, Buffer.from(signature, "hex"));
  demand(
    matches,
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the one you provided",
  );
  return { region, signer };
}

function checkTime(stamp: string, day: string, now: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp);
  demand(
    parts !== null && stamp.startsWith(day),
    403,
    "AccessDenied",
    "AWS authentication requires a valid Date or x-amz-date header",
  );
  const [, ...numbers] = parts;
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = numbers.map(Number);
  const told = Date.UTC(year, month - 1, date, hour, minute, second);
  if (Math.abs(told - now) > SKEW_MS) {
    throw new S3Fault(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
      {
        details: {
          RequestTime: stamp,
          ServerTime: new Date(now).toISOString(),
          MaxAllowedSkewMilliseconds: `${SKEW_MS}`,
        },
      },
    );
  }
}

function checkToken({ sessionToken, expires = Infinity }: S3Credentials, sent: string | undefined, now: number): void {
  demand(sent === sessionToken, 400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  demand(now < expires, 400, "ExpiredToken", "The provided token has expired.");
}

/** The host, the type of the content, and whatever begins with x-amz- must be signed. */
function checkNames(names: readonly string[], headers: Readonly<Record<string, string>>): void {
  demand(names.join() === [...names].sort().join(), 403, "SignatureDoesNotMatch", "signed headers are to be in order");
  demand(names.includes("host"), 403, "SignatureDoesNotMatch", "the header host is to be signed");
  const unsigned = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !names.includes(name));
  demand(
    unsigned.length === 0,
    403,
    "AccessDenied",
    `There were headers present in the request which were not signed: ${unsigned}`,
  );
}

function canonical({ method, path, query, headers }: SignedRequest, names: readonly string[]): string {
  return [
    method,
    path
      .split("/")
      .map((segment) => encode(decodeURIComponent(segment)))
      .join("/"),
    [...query]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort(byBytes)
      .join("&"),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    headers["x-amz-content-sha256"] ?? "",
  ].join("\n");
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** UriEncode() of AWS's description: everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const keys = new Map<string, Buffer>();

function signingKey(secret: string, ...scope: readonly string[]): Buffer {
  const name = [secret, ...scope].join("/");
  const known = keys.get(name);
  if (known !== undefined) return known;
  let key = Buffer.from(`AWS4${secret}`);
  for (const part of [...scope, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  keys.set(name, key);
  return key;
}
