import { describe, expect, test } from "vitest";
import { SilenceError } from "../../../src/lib/http-line.ts";
import { lineError } from "../../../src/lib/line-error.ts";

describe("what fails below HTTP", () => {
  test.each([
    ["ENOTFOUND", "config", "host-not-found"],
    ["ECONNREFUSED", "transient", "connect-failed"],
    ["ECONNRESET", "transient", "connection-lost"],
    ["EAI_AGAIN", "transient", "connect-failed"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "auth", "certificate-untrusted"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "auth", "certificate-untrusted"],
    ["EPROTO", "config", "tls-handshake-failed"],
    ["CERT_HAS_EXPIRED", "auth", "certificate-untrusted"],
  ])("%s is told as %s %s", (code, kind, ours) => {
    const cause = Object.assign(new Error(`something with ${code}`), { code });
    expect(lineError("put a.html", "testaccount.blob.core.windows.net", cause)).toMatchObject({
      kind,
      code: ours,
      cause,
    });
  });

  test("a server that says nothing has its own error, and a stopped request is none", () => {
    expect(lineError("put a.html", "s3.example.jp", new SilenceError("no answer for 60 seconds")).code).toBe("timeout");
    const aborted = Object.assign(new Error("stopped"), { name: "AbortError" });
    expect(lineError("put a.html", "s3.example.jp", aborted)).toMatchObject({ kind: "aborted" });
  });
});
