import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";
import { decodeChunks } from "./aws-chunked.ts";
import { crc32c } from "./crc32c.ts";
import { demand } from "./fault.ts";
import type { S3Request } from "./request.ts";

/** The content a request brought. */
export interface Content {
  /** Lower-case hexadecimal. */
  readonly md5: string;
  readonly bytes: Buffer;
}

/** Reads the body and checks whatever the request says of it. */
export async function readBody(
  message: IncomingMessage,
  request: S3Request,
  awsChunked: "taken" | "refused" = "taken",
): Promise<Content> {
  const { headers } = request;
  const declared = headers["x-amz-content-sha256"];
  demand(
    declared !== undefined,
    400,
    "InvalidRequest",
    "Missing required header for this request: x-amz-content-sha256",
  );
  if (declared.startsWith("STREAMING-") || headers["content-encoding"]?.includes("aws-chunked")) {
    return await readChunked(message, request, declared, awsChunked);
  }
  const isBodyless = request.method === "GET" || request.method === "HEAD" || request.method === "DELETE";
  const hasLength = headers["content-length"] !== undefined;
  demand(isBodyless || hasLength, 411, "MissingContentLength", "You must provide the Content-Length HTTP header.");

  const bytes = Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>));
  const isWhole = message.complete && (!hasLength || bytes.length === Number(headers["content-length"]));
  demand(
    isWhole,
    400,
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
  );
  if (declared !== "UNSIGNED-PAYLOAD") {
    const matches = createHash("sha256").update(bytes).digest("hex") === declared;
    demand(
      matches,
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const md5 = createHash("md5").update(bytes).digest();
  checkMd5(headers["content-md5"], md5);
  for (const checksum of checksumsOf(headers)) checkChecksum(checksum, bytes);
  return { md5: md5.toString("hex"), bytes };
}

async function readChunked(
  message: IncomingMessage,
  { headers }: S3Request,
  declared: string,
  awsChunked: "taken" | "refused",
): Promise<Content> {
  demand(
    awsChunked === "taken",
    400,
    "InvalidArgument",
    `aws-chunked encoding is not supported with the specified x-amz-content-sha256 value: ${declared}`,
  );
  demand(
    declared === "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    501,
    "NotImplemented",
    "the fake takes only aws-chunked bodies with a trailer and without signatures",
  );
  const { bytes, trailers } = decodeChunks(Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>)));
  const length = Number(headers["x-amz-decoded-content-length"]);
  demand(
    bytes.length === length,
    400,
    "IncompleteBody",
    "The body is not as long as x-amz-decoded-content-length says",
  );
  demand(
    headers["x-amz-trailer"] === Object.keys(trailers).join(),
    400,
    "MalformedTrailerError",
    "The trailer is not the one that x-amz-trailer names",
  );
  for (const checksum of [...checksumsOf(headers), ...checksumsOf(trailers)]) checkChecksum(checksum, bytes);
  return { md5: createHash("md5").update(bytes).digest("hex"), bytes };
}

function checkMd5(told: string | undefined, digest: Buffer): void {
  if (told === undefined) return;
  demand(Buffer.from(told, "base64").length === 16, 400, "InvalidDigest", "The Content-MD5 you specified was invalid.");
  demand(
    told === digest.toString("base64"),
    400,
    "BadDigest",
    "The Content-MD5 you specified did not match what we received.",
  );
}

const NOT_SUMS = ["x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode"];

/** The checksums that headers or trailers name: [["x-amz-checksum-crc32", "base64"]]. */
export function checksumsOf(headers: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(headers).filter(([name]) => name.startsWith("x-amz-checksum-") && !NOT_SUMS.includes(name));
}

const ALGORITHMS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  "x-amz-checksum-crc32": (bytes) => inBase64(crc32(bytes)),
  "x-amz-checksum-crc32c": (bytes) => inBase64(crc32c(bytes)),
  "x-amz-checksum-sha1": (bytes) => createHash("sha1").update(bytes).digest("base64"),
  "x-amz-checksum-sha256": (bytes) => createHash("sha256").update(bytes).digest("base64"),
};

function inBase64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
}

function checkChecksum([name, told]: readonly [string, string], bytes: Buffer): void {
  const algorithm = ALGORITHMS[name];
  demand(algorithm !== undefined, 501, "NotImplemented", `the fake computes no ${name}`);
  demand(algorithm(bytes) === told, 400, "BadDigest", `The ${name} you specified did not match what we received.`);
}
