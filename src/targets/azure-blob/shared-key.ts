import { createHmac, type KeyObject } from "node:crypto";

/** What of a request is signed. Header names are in lower case; query values are not encoded. */
export interface SignedRequest {
  readonly method: string;
  /** As it is sent, encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** In the order they are signed in; Date is not among them, since x-ms-date takes its place. */
const PLAIN_HEADERS = [
  ...["content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"],
  ...["if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"],
];

/**
 * The Authorization header of a request signed with an account's key.
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
 */
export function signWithKey(account: string, key: KeyObject, request: SignedRequest): string {
  const signature = createHmac("sha256", key).update(stringToSign(account, request)).digest("base64");
  return `SharedKey ${account}:${signature}`;
}

function stringToSign(account: string, { method, path, query, headers }: SignedRequest): string {
  const plain = PLAIN_HEADERS.map((name) => {
    const value = headers[name] ?? "";
    return name === "content-length" && value === "0" ? "" : value;
  });
  const own = Object.keys(headers)
    .filter((name) => name.startsWith("x-ms-"))
    .sort(inServiceOrder)
    .map((name) => `${name}:${headers[name]?.trim()}\n`);
  const parameters = Object.keys(query)
    .sort()
    .map((name) => `\n${name}:${query[name]}`);
  return `${method}\n${plain.join("\n")}\n${own.join("")}/${account}${path}${parameters.join("")}`;
}

/** The service sorts as .NET does for people, not by character codes: dashes don't count, "_" comes before digits. */
function inServiceOrder(one: string, other: string): number {
  return weightOf(one) < weightOf(other) ? -1 : 1;
}

function weightOf(name: string): string {
  return name.replaceAll("-", "").replaceAll("_", " ");
}
