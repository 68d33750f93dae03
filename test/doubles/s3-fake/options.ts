import type { S3Server } from "../../servers/s3-server.ts";
import type { S3FakeBucket } from "./bucket.ts";
import type { S3Exchange } from "./exchange.ts";
import type { S3Fault } from "./fault.ts";
import type { Limits } from "./limits.ts";
import type { S3Request } from "./request.ts";
import type { S3Credentials } from "./signature.ts";

/** What the fake is to be like; what is left out is as Amazon S3 does it. */
export interface S3FakeOptions extends Limits {
  /** Which buckets there are, and the region of each; { site: "us-east-1" } when absent. They are also found as <bucket>.s3.localhost. */
  readonly buckets?: Readonly<Record<string, string>>;
  /** Whole host names of single buckets: { "static.localhost": "site" }. */
  readonly customDomains?: Readonly<Record<string, string>>;
  /** "virtual-host": a bucket named in the path is refused, as Alibaba OSS does. */
  readonly addressing?: "any" | "virtual-host";
  /** "ignored": for requests that a test writes by hand. */
  readonly signatures?: "checked" | "ignored";
  /** What becomes of bodies in AWS's own encoding, which not all compatibles speak. */
  readonly awsChunked?: "taken" | "refused";
  /** What comes of If-Match and If-None-Match of a write; "refused" is 501. */
  readonly conditions?: "kept" | "ignored" | "refused";
  /** What etags of whole puts are: their MD5, the same in upper case, or something else (as with SSE-KMS). */
  readonly etags?: "md5" | "upper-case" | "opaque";
  /** How a request signed for another region is answered: 301 PermanentRedirect, or 400 AuthorizationHeaderMalformed. */
  readonly wrongRegion?: "redirect" | "refuse";
  /** The server's clock. */
  readonly now?: () => number;
  /** How long each request takes at least (milliseconds). */
  readonly latencyMs?: number;
}

/** What befalls one request: an error, a wait, or a connection that is cut before anything is done or within the answer. */
type Trouble = S3Fault | { readonly after: Promise<unknown> } | { readonly cut: "request" | "answer" };

/** A running fake. What a test may change while it runs is writable. */
export interface S3Fake extends S3Server {
  readonly buckets: Map<string, S3FakeBucket>;
  /** By access key id; changing or deleting one counts from the next request on. */
  readonly credentials: Map<string, S3Credentials>;
  /** Every request so far, in the order they came. */
  readonly exchanges: readonly S3Exchange[];
  /** How many requests were in flight at the most. */
  readonly peak: number;
  /** Actions of IAM's that nobody may do: "s3:DeleteObject". */
  readonly forbidden: Set<string>;
  /** Keys that DeleteObjects answers with an error. */
  readonly undeletable: Map<string, S3Fault>;
  /** Asked for each request: what is to befall it. */
  trouble: (request: S3Request) => Trouble | undefined;
}
