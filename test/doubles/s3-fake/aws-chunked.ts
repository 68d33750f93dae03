import { demand } from "./fault.ts";

/**
 * Takes an aws-chunked body apart ("Signature calculations: transferring payload in multiple chunks" of the S3 API
 * reference): chunks as in RFC 9112, 7.1, then trailers.
 */
export function decodeChunks(body: Buffer): {
  readonly bytes: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
} {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.subarray(at, end).toString("latin1"), 16);
    demand(end >= 0 && size >= 0, 400, "IncompleteBody", "The aws-chunked body is malformed");
    at = end + 2;
    if (size === 0) break;
    chunks.push(body.subarray(at, at + size));
    at += size + 2;
  }
  const lines = body.subarray(at).toString("latin1").split("\r\n").filter(Boolean);
  const trailers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { bytes: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}
