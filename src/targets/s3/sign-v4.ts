import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** Keys a request is signed with. */
export interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request before it is signed. */
export interface UnsignedRequest {
  readonly method: string;
  /** As it will be sent: already percent-encoded, once. */
  readonly path: string;
  /** Without the question mark, encoded, in the order of the names. */
  readonly query: string;
  /** By lower-case name, `host` among them; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** Lower-case hexadecimal SHA-256 of the body. */
  readonly payloadHash: string;
}

/** What the signature is valid for besides the request. */
export interface SigningScope {
  readonly service: string;
  readonly region: string;
  readonly keys: SigningKeys;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly nowMs: number;
}

/** The SHA-256 of no bytes at all. */
export const EMPTY_SHA256 = hash("sha256", "", "hex");

/**
 * The headers of a request with its Signature Version 4 among them
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). The path is signed as it is sent, which is
 * S3's way: a key is encoded once.
 */
export function signV4(request: UnsignedRequest, scope: SigningScope): Record<string, string> {
  const { keys, region, service } = scope;
  const time = amzDate(scope.nowMs);
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    "x-amz-content-sha256": request.payloadHash,
    "x-amz-date": time,
    ...(keys.sessionToken === undefined ? undefined : { "x-amz-security-token": keys.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  let lines = "";
  for (const name of names) lines += `${name}:${plain(headers[name] ?? "")}\n`;
  const signed = names.join(";");
  const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines}\n${signed}\n${request.payloadHash}`;
  const credential = `${day}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${credential}\n${hash("sha256", canonical, "hex")}`;
  const signature = createHmac("sha256", signingKey(keys, day, region, service))
    .update(toSign)
    .digest("hex");
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${credential}, SignedHeaders=${signed}, Signature=${signature}`;
  return headers;
}

/** A text percent-encoded as signatures want it: everything but unreserved characters (RFC 3986, section 2.3). */
export function encodeRfc3986(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A key as the path of a request: encoded, with its slashes left as they are. */
export function encodeKey(key: string): string {
  return /^[\w.~/-]*$/.test(key) ? key : encodeRfc3986(key).replaceAll("%2F", "/");
}

/** Query parameters encoded and in the order in which they are signed. */
export function encodeQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.keys(parameters)
    .sort()
    .map((name) => `${encodeRfc3986(name)}=${encodeRfc3986(parameters[name] ?? "")}`)
    .join("&");
}

/** A header's value as it is signed: white space around it gone, and one space for several. */
function plain(value: string): string {
  return /^\s|\s\s|\s$/.test(value) ? value.trim().replace(/\s+/g, " ") : value;
}

let lastSecond = Number.NaN;
let lastDate = "";

/** "20130524T000000Z". Worked out once a second. */
function amzDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1000).toISOString().replace(/[-:]|\.\d+/g, "");
  }
  return lastDate;
}

const keysOfDay = new WeakMap<SigningKeys, { scope: string; key: KeyObject }>();

/** The key of a day, a region and a service: four HMACs, worked out once for each pair of keys. */
function signingKey(keys: SigningKeys, day: string, region: string, service: string): KeyObject {
  const scope = `${day}/${region}/${service}`;
  const known = keysOfDay.get(keys);
  if (known?.scope === scope) return known.key;
  let key = Buffer.from(`AWS4${keys.secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  // As a KeyObject, which an HMAC takes over for a seventh of what a buffer costs.
  const ready = createSecretKey(key);
  keysOfDay.set(keys, { scope, key: ready });
  return ready;
}
