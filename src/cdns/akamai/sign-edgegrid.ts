import { createHash, createHmac, randomUUID } from "node:crypto";

/** Who signs. */
export interface EdgeGridKeys {
  readonly clientToken: string;
  readonly clientSecret: string;
  readonly accessToken: string;
}

/** What is signed; no header is. */
export interface EdgeGridRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
}

/** Of a body no more than this is signed. */
const SIGNED_BYTES = 131_072;

/** The Authorization header of one attempt: https://techdocs.akamai.com/developer/docs/authenticate-with-edgegrid */
export function signEdgeGrid(
  { method, url, body }: EdgeGridRequest,
  { clientToken, clientSecret, accessToken }: EdgeGridKeys,
  nowMs: number,
  nonce: string = randomUUID(),
): string {
  const timestamp = stampOf(nowMs);
  const fields = `client_token=${clientToken};access_token=${accessToken};timestamp=${timestamp};nonce=${nonce};`;
  const unsigned = `EG1-HMAC-SHA256 ${fields}`;
  const content = method === "POST" && body.length > 0 ? hashOf(body.subarray(0, SIGNED_BYTES)) : "";
  const address = [url.protocol.slice(0, -1), url.host, `${url.pathname}${url.search}`];
  const signedHeaders = "";
  const data = [method, ...address, signedHeaders, content, unsigned].join("\t");
  return `${unsigned}signature=${hmac(data, hmac(timestamp, clientSecret))}`;
}

/** "20261123T074501+0000" with colons in the time: the form is Akamai's own. */
function stampOf(nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().split(/[T.]/);
  return `${date.replaceAll("-", "")}T${time}+0000`;
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64");
}

/** The key is text, in base64 where it is a hash itself. */
function hmac(data: string, key: string): string {
  return createHmac("sha256", key).update(data).digest("base64");
}
