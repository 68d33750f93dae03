import { describe, expect, test } from "vitest";
import { s3Error } from "../../../src/targets/s3/s3-error.ts";
import { cureOf, failureOfAnswer } from "../../../src/targets/s3/s3-failure.ts";

const WHERE = {
  deed: { doing: "write", action: "s3:PutObject" },
  what: "s3://www-example/お知らせ.html",
  bucket: "www-example",
  resource: "arn:aws:s3:::www-example/*",
  region: "us-east-1",
};

function answer(status: number, body = "", headers: Record<string, string> = {}) {
  return failureOfAnswer({ status, headers, body: Buffer.from(body) });
}

const xml = (code: string, more = "") =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>it said so</Message>${more}</Error>`;

describe("what a store answers is told as", () => {
  test.each<[status: number, code: string, kind: string, ours: string]>([
    [403, "InvalidAccessKeyId", "auth", "credentials-wrong"],
    [403, "SignatureDoesNotMatch", "auth", "credentials-wrong"],
    [400, "ExpiredToken", "auth", "credentials-expired"],
    [403, "RequestTimeTooSkewed", "auth", "clock-skew"],
    [403, "AccessDenied", "auth", "permission-denied"],
    [301, "PermanentRedirect", "config", "wrong-region"],
    [400, "AuthorizationHeaderMalformed", "config", "wrong-region"],
    [404, "NoSuchBucket", "config", "bucket-missing"],
    [412, "PreconditionFailed", "conflict", "condition-failed"],
    [409, "ConditionalRequestConflict", "transient", "server-error"],
    [503, "SlowDown", "transient", "slow-down"],
    [429, "TooManyRequests", "transient", "slow-down"],
    [500, "InternalError", "transient", "server-error"],
    [502, "SomethingNew", "transient", "server-error"],
    [400, "RequestTimeout", "transient", "server-error"],
    [400, "BadDigest", "transient", "bytes-damaged"],
    [501, "NotImplemented", "config", "not-supported"],
    [400, "SomethingElse", "config", "store-refused"],
  ])("%i %s: %s, %s", (status, code, kind, ours) => {
    const error = s3Error(answer(status, xml(code)), WHERE);
    expect(error).toMatchObject({ kind, code: ours });
    expect(error.message).toMatch(/^could not write s3:\/\/www-example\/お知らせ\.html: /);
  });

  test.each([
    [503, "<html><head><title>503 Service Unavailable</title></head></html>", "slow-down"],
    [502, "", "server-error"],
    [429, "Too Many Requests", "slow-down"],
    [403, "<!DOCTYPE html><Code>not ours</Code>", "permission-denied"],
    [412, "", "condition-failed"],
    [418, "{}", "store-refused"],
  ])("an answer that is not S3's, %i %j, goes by its status: %s", (status, body, code) => {
    const failure = answer(status, body);
    expect(failure.certain).toBe(false);
    expect(s3Error(failure, WHERE).code).toBe(code);
  });
});

test("a denial names the action, and what has to be allowed", () => {
  const { message, hint } = s3Error(answer(403, xml("AccessDenied")), WHERE);
  expect(message).toContain("s3:PutObject is not allowed");
  expect(hint).toContain("allow s3:PutObject on arn:aws:s3:::www-example/*");
});

test("who may not list is denied objects that are not there: both actions are named, or the one the store names", () => {
  const read = { ...WHERE, deed: { doing: "read", action: "s3:GetObject" } };
  const either = s3Error(answer(403, xml("AccessDenied")), read);
  expect(either.message).toContain("s3:GetObject or s3:ListBucket is not allowed");
  expect(either.hint).toContain("s3:ListBucket on arn:aws:s3:::www-example in");
  const detail = "User: arn:aws:iam::1:user/w is not authorized to perform: s3:ListBucket on resource: x";
  const named = s3Error(answer(403, xml("AccessDenied").replace("it said so", detail)), read);
  expect(named.message).toContain(": s3:ListBucket is not allowed");
  expect(named.hint).toMatch(/^allow s3:ListBucket on arn:aws:s3:::www-example in/);
});

test("a wrong region names the right one, wherever the store says it", () => {
  const inHeader = answer(301, "", { "x-amz-bucket-region": "ap-northeast-1" });
  const inBody = answer(400, xml("AuthorizationHeaderMalformed", "<Region>ap-northeast-1</Region>"));
  for (const failure of [inHeader, inBody]) {
    expect(cureOf(failure)).toBe("region");
    expect(s3Error(failure, WHERE).hint).toContain("region: ap-northeast-1");
  }
});

test("a wrong clock is told with both times, and can be put right where the server told its own", () => {
  const failure = answer(403, xml("RequestTimeTooSkewed"), { date: "Mon, 23 Nov 2026 01:02:03 GMT" });
  expect(cureOf(failure)).toBe("clock");
  expect(s3Error(failure, WHERE).message).toMatch(/here it is 20\S+Z, there 2026-11-23T01:02:03Z/);
  expect(cureOf(answer(403, xml("RequestTimeTooSkewed")))).toBeUndefined();
});

test("expired keys can be had anew; refused ones can't", () => {
  expect(cureOf(answer(400, xml("ExpiredToken")))).toBe("token");
  expect(cureOf(answer(403, xml("AccessDenied")))).toBeUndefined();
});
