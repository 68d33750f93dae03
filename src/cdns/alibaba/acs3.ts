import { createHash, createHmac } from "node:crypto";

/** Who asks. The token belongs to temporary credentials, and only to those. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly securityToken?: string;
}

/** A request that is about to be sent. */
export interface Acs3Request {
  readonly method: string;
  readonly url: URL;
  /** The operation: "RefreshObjectCaches". */
  readonly action: string;
  /** The API's: "2018-05-10". */
  readonly version: string;
  /** The body, where there is one; its type is a form's. */
  readonly form?: string;
}

/** What makes two requests different that are the same otherwise. */
export interface Acs3Moment {
  readonly nowMs: number;
  /** Never used before. */
  readonly nonce: string;
}

/**
 * The headers of a signed request, by ACS3-HMAC-SHA256
 * (https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature).
 */
export function signAcs3(request: Acs3Request, key: AccessKey, { nowMs, nonce }: Acs3Moment): Record<string, string> {
  const { method, url, action, version, form } = request;
  const hash = sha256(form ?? "");
  const headers: Record<string, string> = {
    ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
    host: url.host,
    "x-acs-action": action,
    "x-acs-content-sha256": hash,
    "x-acs-date": new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z"),
    ...(key.securityToken !== undefined && { "x-acs-security-token": key.securityToken }),
    "x-acs-signature-nonce": nonce,
    "x-acs-version": version,
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]?.trim()}\n`).join("");
  const signed = names.join(";");
  const canonical = [method, url.pathname, canonicalQuery(url), lines, signed, hash].join("\n");
  const signature = createHmac("sha256", key.secret)
    .update(`${ALGORITHM}\n${sha256(canonical)}`)
    .digest("hex");
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${key.id},SignedHeaders=${signed},Signature=${signature}`,
  };
}

const ALGORITHM = "ACS3-HMAC-SHA256";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function canonicalQuery({ searchParams }: URL): string {
  const pairs = [...searchParams].map((pair) => pair.map(encodeStrictly).join("="));
  return pairs.sort().join("&");
}

/** Everything but letters, digits and `-._~` (https://www.rfc-editor.org/rfc/rfc3986#section-2.3). */
function encodeStrictly(text: string): string {
  const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}
