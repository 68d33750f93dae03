import { describe, expect, test } from "vitest";
import { refusalError } from "../../../src/targets/azure-blob/azure-error.ts";

const NOW = Date.UTC(2026, 10, 23, 1, 0, 0);
const EXPIRED_SAS =
  "Signature not valid in the specified time frame: Start [Sun, 22 Nov 2026 00:00:00 GMT] - Expiry [Mon, 23 Nov 2026 00:00:00 GMT] - Current [Mon, 23 Nov 2026 01:00:00 GMT]";

describe("what the blob service refuses", () => {
  test.each([
    [404, "ContainerNotFound", "", "config", "bucket-missing", /static website/],
    [404, "", "", "config", "store-unclear", /endpoint/],
    [404, "BlobNotFound", "", "not-found", "not-found", undefined],
    [409, "BlobAlreadyExists", "", "conflict", "condition-failed", undefined],
    [412, "ConditionNotMet", "", "conflict", "condition-failed", undefined],
    [412, "", "", "conflict", "condition-failed", undefined],
    [412, "LeaseIdMissing", "", "conflict", "object-leased", /lease/],
    [409, "LeaseAlreadyPresent", "", "conflict", "object-leased", /lease/],
    [403, "AuthorizationPermissionMismatch", "", "auth", "permission-denied", /Storage Blob Data Contributor/],
    [403, "AuthorizationFailure", "", "auth", "permission-denied", /firewall/],
    [403, "KeyBasedAuthenticationNotPermitted", "", "auth", "permission-denied", /entra/],
    [409, "BlobImmutableDueToPolicy", "", "auth", "permission-denied", /immutability/],
    [403, "AuthenticationFailed", "The MAC signature found is not the same", "auth", "credentials-wrong", /key/],
    [403, "AuthenticationFailed", EXPIRED_SAS, "auth", "credentials-expired", /new signature/],
    [
      401,
      "InvalidAuthenticationInfo",
      "Lifetime validation failed. The token is expired.",
      "auth",
      "credentials-expired",
      /token/,
    ],
    [401, "InvalidAuthenticationInfo", "Issuer validation failed.", "auth", "credentials-wrong", /tenantId/],
    [401, "NoAuthenticationInformation", "", "auth", "credentials-missing", /account/],
    [503, "ServerBusy", "", "transient", "slow-down", undefined],
    [429, "", "", "transient", "slow-down", undefined],
    [500, "OperationTimedOut", "", "transient", "server-error", undefined],
    [400, "Md5Mismatch", "", "transient", "bytes-damaged", undefined],
    [400, "InvalidBlockList", "", "conflict", "upload-gone", /run again/],
    [400, "InvalidBlobOrBlock", "", "conflict", "foreign-blocks", /another program/],
    [400, "InvalidHeaderValue", "", "config", "store-refused", undefined],
  ] as const)("%i %s %s is told as %s %s", (status, code, message, kind, ours, hint) => {
    const error = refusalError("put お知らせ/1.html", { status, code, message, serverTime: NOW }, NOW);
    expect(error).toMatchObject({ kind, code: ours });
    expect(error.message).toContain("could not put お知らせ/1.html");
    expect(error.message).toContain(`${status}`);
    if (hint) expect(error.hint).toMatch(hint);
  });

  test("a refused signature is the clock's fault where the server's differs by more than a quarter of an hour", () => {
    const refusal = { status: 403, code: "AuthenticationFailed", message: "Request date header too old" };
    const late = refusalError("list", { ...refusal, serverTime: NOW + 20 * 60_000 }, NOW);
    expect(late).toMatchObject({ kind: "auth", code: "clock-skew" });
    expect(late.hint).toContain("20 minutes behind");
    expect(refusalError("list", { ...refusal, serverTime: NOW - 60 * 60_000 }, NOW).hint).toContain("60 minutes ahead");
    expect(refusalError("list", { ...refusal, serverTime: NOW + 60_000 }, NOW).code).toBe("credentials-wrong");
  });
});
