import type { S3FakeBucket } from "./bucket.ts";
import { S3Fault } from "./fault.ts";

/**
 * Throws when a request was signed for another region than the bucket's. S3 answers in one of two ways, by how the
 * request came there: with a redirect, or by finding fault with the signature; both name the right region.
 */
export function checkRegion(
  { region, name }: S3FakeBucket,
  signed: string,
  how: "redirect" | "refuse" = "redirect",
): void {
  if (signed === region) return;
  const headers = { "x-amz-bucket-region": region };
  if (how === "refuse") {
    const message = `The authorization header is malformed; the region '${signed}' is wrong; expecting '${region}'`;
    throw new S3Fault(400, "AuthorizationHeaderMalformed", message, { headers, details: { Region: region } });
  }
  const message = "The bucket you are attempting to access must be addressed using the specified endpoint.";
  const details = { Endpoint: `${name}.s3.${region}.localhost`, Bucket: name };
  throw new S3Fault(301, "PermanentRedirect", message, { headers, details });
}
