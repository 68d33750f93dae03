import { createHash } from "node:crypto";
import type { CdnFake } from "../contract/cdn-contract.ts";
import { type ProviderAnswer, type ProviderFake, type ProviderRequest, startProvider } from "./provider-fake.ts";
import { S3Fault } from "./s3-fake/fault.ts";
import { checkSignature, type S3Credentials } from "./s3-fake/signature.ts";
import { elements, textOf, toXml, type Xml } from "./s3-fake/xml.ts";

/** The one distribution that there is, and who may use it. */
export const CLOUDFRONT = {
  distributionId: "E1FAKE00000000",
  accessKeyId: "AKIDFAKE",
  secretAccessKey: "cloudfront-secret-with-+/",
};

/** What can be set while it runs. */
interface CloudFrontCourse {
  /** Milliseconds until an invalidation is completed. */
  takesMs: number;
  /** How much later it is by the fake's clock. */
  skewMs: number;
  /** Operations that the keys have no right to: "CreateInvalidation". */
  readonly denied: Set<string>;
  /** Until when the keys are good, by the real clock. */
  expires: number;
  /** Requests a second that it takes. */
  perSecond: number;
}

/** The API of CloudFront (2020-05-31), as strict as the real one. */
export interface CloudFrontFake extends CdnFake, ProviderFake {
  readonly seen: ProviderFake["seen"];
  readonly course: CloudFrontCourse;
}

interface Invalidation {
  readonly id: string;
  readonly reference: string;
  readonly paths: readonly string[];
  readonly endsAt: number;
}

const API = /^\/2020-05-31\/distribution\/([^/]+)(\/invalidation(?:\/([^/]+))?)?$/;
const FILES_AT_ONCE = 3000;
const WILDCARDS_AT_ONCE = 15;

/** Starts it on a free port. */
export async function startCloudFrontFake(): Promise<CloudFrontFake> {
  const { accessKeyId, secretAccessKey, distributionId } = CLOUDFRONT;
  const invalidations: Invalidation[] = [];
  const course: CloudFrontCourse = { takesMs: 0, skewMs: 0, denied: new Set(), expires: Infinity, perSecond: 1_000 };
  const begun: number[] = [];

  function unauthorised({ method, path, query, headers: sent, body }: ProviderRequest): ProviderAnswer | undefined {
    const signer: S3Credentials = { accessKeyId, secretAccessKey };
    const headers = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, String(value)]));
    const now = Date.now() + course.skewMs;
    try {
      const signed = { method, path, query: new Map(query), headers };
      const { region } = checkSignature(signed, new Map([[accessKeyId, signer]]), now);
      if (region !== "us-east-1" || !headers.authorization?.includes("/cloudfront/aws4_request")) {
        return failure(403, "SignatureDoesNotMatch", "Credential should be scoped to cloudfront in us-east-1");
      }
      if (headers["x-amz-content-sha256"] !== createHash("sha256").update(body).digest("hex")) {
        return failure(403, "SignatureDoesNotMatch", "The body is another one");
      }
      if (Date.now() > course.expires) return failure(403, "ExpiredToken", "The security token has expired");
      return undefined;
    } catch (fault) {
      if (!(fault instanceof S3Fault)) throw fault;
      const isLate = fault.code === "RequestTimeTooSkewed";
      const date = { date: new Date(now).toUTCString() };
      if (isLate)
        return { ...failure(403, "SignatureDoesNotMatch", "Signature expired: it is now later"), headers: date };
      return failure(403, fault.code === "InvalidAccessKeyId" ? "InvalidClientTokenId" : fault.code, fault.message);
    }
  }

  function answer({ method, target, body }: ProviderRequest): ProviderAnswer {
    const now = Date.now();
    begun.push(now);
    if (begun.filter((at) => at > now - 1_000).length > course.perSecond) return throttled();
    const [, distribution, isInvalidation, id] = API.exec(target) ?? [];
    const operation = isInvalidation === undefined ? "GetDistribution" : id ? "GetInvalidation" : "CreateInvalidation";
    if (course.denied.has(operation)) {
      return failure(403, "AccessDenied", `User is not authorized to perform: cloudfront:${operation}`);
    }
    if (distribution !== distributionId)
      return failure(404, "NoSuchDistribution", "The specified distribution does not exist.");
    if (operation === "GetDistribution") return ok(200, { Distribution: DISTRIBUTION });
    if (operation === "CreateInvalidation")
      return method === "POST" ? create(body.toString(), now) : failure(405, "MethodNotAllowed", method);
    const found = invalidations.find((each) => each.id === id);
    if (found === undefined) return failure(404, "NoSuchInvalidation", "The specified invalidation does not exist.");
    return ok(200, { Invalidation: shown(found, now) });
  }

  function create(document: string, now: number): ProviderAnswer {
    const batch =
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n?<InvalidationBatch xmlns="http:\/\/cloudfront\.amazonaws\.com\/doc\/2020-05-31\/">(.*)<\/InvalidationBatch>$/s.exec(
        document,
      )?.[1];
    if (batch === undefined) return failure(400, "MalformedXML", "The XML document is malformed.");
    const reference = textOf(batch, "CallerReference") ?? "";
    const paths = elements(batch, "Path").map((inside) => textOf(`<Path>${inside}</Path>`, "Path") ?? "");
    if (Number(textOf(batch, "Quantity")) !== paths.length) {
      return failure(400, "InconsistentQuantities", "The value of Quantity and the size of Items don't match.");
    }
    if (reference === "" || paths.length === 0 || paths.some((path) => !isLegal(path))) {
      return failure(400, "InvalidArgument", "Your request contains one or more invalid invalidation paths.");
    }
    const known = invalidations.find((each) => each.reference === reference);
    if (known !== undefined) {
      const isSame = known.paths.join("\n") === paths.join("\n");
      if (isSame) return ok(201, { Invalidation: shown(known, now) });
      return failure(
        400,
        "InvalidationBatchAlreadyExists",
        "You have already sent this caller reference with other paths.",
      );
    }
    const asked = countOf(paths);
    if (asked.files > FILES_AT_ONCE || asked.others > WILDCARDS_AT_ONCE) {
      return failure(413, "BatchTooLarge", "Invalidation batch specified is too large.");
    }
    const open = countOf(invalidations.filter(({ endsAt }) => endsAt > now).flatMap((each) => each.paths));
    if (open.files + asked.files > FILES_AT_ONCE || open.others + asked.others > WILDCARDS_AT_ONCE) {
      return failure(
        400,
        "TooManyInvalidationsInProgress",
        "Processing your request will cause you to exceed the maximum number of in-progress invalidations.",
      );
    }
    const made = {
      id: `I${String(invalidations.length + 1).padStart(13, "0")}`,
      reference,
      paths,
      endsAt: now + course.takesMs,
    };
    invalidations.push(made);
    return ok(201, { Invalidation: shown(made, now) });
  }

  const provider = await startProvider({ unauthorised, answer, failure: broken });
  return Object.assign(provider, { course, purged: () => invalidations.flatMap(({ paths }) => paths) });
}

const DISTRIBUTION = {
  Id: CLOUDFRONT.distributionId,
  DomainName: "d111111abcdef8.cloudfront.net",
  DistributionConfig: { Aliases: { Quantity: 1, Items: { CNAME: ["www.example.jp"] } }, Enabled: true },
};

function shown({ id, reference, paths, endsAt }: Invalidation, now: number): Xml {
  const Status = endsAt > now ? "InProgress" : "Completed";
  const Paths = { Quantity: paths.length, Items: { Path: paths } };
  return {
    Id: id,
    Status,
    CreateTime: "2026-11-23T07:45:01Z",
    InvalidationBatch: { Paths, CallerReference: reference },
  };
}

/** Tags and wildcards are counted together: the lower limit is the stricter one. */
function countOf(paths: readonly string[]): { readonly files: number; readonly others: number } {
  const others = paths.filter((path) => path.endsWith("*") || path.startsWith("#")).length;
  return { files: paths.length - others, others };
}

/** Characters that RFC 1738 calls safe, or percent-encoded ones; an asterisk at the end alone. A tag is visible ASCII. */
function isLegal(path: string): boolean {
  if (path.startsWith("#")) return /^#[!-+\--~]{1,256}$/.test(path);
  return path.length <= 4000 && /^\/(?:[\w.\-$+!'(),;/?:@=&]|%[0-9A-Fa-f]{2})*\*?$/.test(path);
}

function broken(status: number): ProviderAnswer {
  if (status === 429) return throttled();
  if (status === 401) {
    return failure(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
  }
  return failure(503, "ServiceUnavailable", "CloudFront encountered an internal error. Please try again.");
}

function throttled(): ProviderAnswer {
  return failure(400, "Throttling", "Rate exceeded");
}

function ok(status: number, document: Record<string, Xml>): ProviderAnswer {
  return { status, headers: { "content-type": "text/xml" }, body: toXml(document) };
}

function failure(status: number, Code: string, Message: string): ProviderAnswer {
  const body = toXml({ ErrorResponse: { Error: { Type: "Sender", Code, Message }, RequestId: "fake" } });
  return { status, headers: { "content-type": "text/xml" }, body };
}
