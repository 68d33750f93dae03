import type { Answer } from "../../lib/http-line.ts";
import { readElement } from "./xml.ts";

/** What a store said when it refused. */
export interface S3Failure {
  /** 0 when there was no answer at all. */
  readonly status: number;
  /** S3's own ("NoSuchKey"), or one that the status stands for where the body names none. */
  readonly code: string;
  /** Whether the store named the code itself; a proxy's page or an empty body does not. */
  readonly certain: boolean;
  readonly message: string;
  /** The region the store says the bucket lies in. */
  readonly region?: string;
  /** The server's clock, milliseconds since the epoch. */
  readonly serverMs?: number;
}

/** What can be put right before the request is sent once more. */
export type Cure = "token" | "clock" | "region";

/** Reads an answer that is no success. Compatibles answer with HTML, with nothing, or with S3's XML. */
export function failureOfAnswer({ status, headers, body }: Answer): S3Failure {
  const xml = body.subarray(0, 16_384).toString();
  const code = /<Error[\s>]/.test(xml) ? readElement(xml, "Code") : undefined;
  const region = headers["x-amz-bucket-region"] ?? (code === undefined ? undefined : readElement(xml, "Region"));
  return {
    status,
    code: code ?? codeOfStatus(status),
    certain: code !== undefined,
    message: (code === undefined ? undefined : readElement(xml, "Message")) ?? "",
    ...(typeof region === "string" && { region }),
    ...clockIn(headers.date),
  };
}

/** What may help, going by what the store said: other keys, another clock, another region. */
export function cureOf({ code, status, region, serverMs }: S3Failure): Cure | undefined {
  if (/^(ExpiredToken(Exception)?|TokenRefreshRequired|RequestExpired)$/.test(code)) return "token";
  if (/^(RequestTimeTooSkewed|RequestInTheFuture)$/.test(code) && serverMs !== undefined) return "clock";
  const elsewhere =
    status === 301 || /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/.test(code);
  // The answer to a HEAD has no code: a region beside a refusal is worth a try.
  if (region !== undefined && (elsewhere || (status === 400 && code === "BadRequest"))) return "region";
  return undefined;
}

const BY_STATUS: Readonly<Record<number, string>> = {
  301: "PermanentRedirect",
  307: "TemporaryRedirect",
  400: "BadRequest",
  401: "AccessDenied",
  403: "AccessDenied",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  411: "MissingContentLength",
  412: "PreconditionFailed",
  413: "EntityTooLarge",
  429: "SlowDown",
  501: "NotImplemented",
  503: "SlowDown",
};

function codeOfStatus(status: number): string {
  return BY_STATUS[status] ?? (status >= 500 ? "InternalError" : `HTTP ${status}`);
}

function clockIn(date: string | undefined): { serverMs?: number } {
  const serverMs = Date.parse(date ?? "");
  return Number.isNaN(serverMs) ? {} : { serverMs };
}
