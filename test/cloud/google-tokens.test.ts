import { expect, test } from "vitest";
import { noTokens } from "../../src/cloud/access-tokens.ts";
import { createAccessTokens } from "../../src/cloud/google-tokens.ts";
import { testCtx } from "../doubles/test-ctx.ts";

/** A clock to set by hand, and a library that gives token after token, or fails. */
function stage(keyFile?: string) {
  let now = 0;
  let failure: unknown;
  let asked = 0;
  let signIns = 0;
  const ctx = testCtx({ clock: { now: () => now, sleep: async () => {} } });
  const tokens = createAccessTokens(keyFile, () => {
    const signIn = ++signIns;
    return {
      async getAccessToken() {
        asked++;
        if (failure !== undefined) throw failure;
        return `token ${asked} of sign-in ${signIn}`;
      },
    };
  });
  return {
    tokens,
    get: () => tokens.get(ctx),
    at: (seconds: number) => {
      now = seconds * 1000;
    },
    fail: (error: unknown) => {
      failure = error;
    },
    asked: () => asked,
  };
}

test("a token is kept for half a minute, and the library is asked then", async () => {
  const { get, at, asked } = stage();
  expect(await get()).toBe("token 1 of sign-in 1");
  at(29);
  expect(await get()).toBe("token 1 of sign-in 1");
  at(31);
  expect(await get()).toBe("token 2 of sign-in 1");
  expect(asked()).toBe(2);
});

test("many who want one at once ask once", async () => {
  const { get, asked } = stage();
  expect(new Set(await Promise.all(Array.from({ length: 64 }, get)))).toEqual(new Set(["token 1 of sign-in 1"]));
  expect(asked()).toBe(1);
});

test("a token that was refused is forgotten, and the library begins anew; an older one changes nothing", async () => {
  const { tokens, get } = stage();
  const first = (await get()) ?? "";
  tokens.forget(first);
  expect(await get()).toBe("token 2 of sign-in 2");
  tokens.forget(first);
  expect(await get()).toBe("token 2 of sign-in 2");
});

test("a failure is not kept: the next one asks again", async () => {
  const { get, fail } = stage();
  fail(new Error("fetch failed"));
  await expect(get()).rejects.toMatchObject({ kind: "transient", code: "connection-lost" });
  fail(undefined);
  expect(await get()).toBe("token 2 of sign-in 1");
});

test("whoever stops does not wait for the library", async () => {
  const stop = new AbortController();
  const tokens = createAccessTokens(undefined, () => ({ getAccessToken: () => new Promise<string>(() => {}) }));
  const waiting = tokens.get(testCtx({ signal: stop.signal }));
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ kind: "aborted" });
});

const answered = (status: number, data: object) =>
  Object.assign(new Error("request failed"), { response: { status, data } });

test.each([
  [
    "no credentials anywhere",
    new Error("Could not load the default credentials. See …"),
    "auth",
    "credentials-missing",
  ],
  ["a key that is not there", new Error("ENOENT: no such file, open '/鍵.json'"), "config", "credentials-missing"],
  [
    "a wrong clock",
    answered(400, { error: "invalid_grant", error_description: "iat is in the future" }),
    "auth",
    "clock-skew",
  ],
  [
    "a revoked token",
    answered(400, { error: "invalid_grant", error_description: "Token has been revoked." }),
    "auth",
    "credentials-expired",
  ],
  [
    "a deleted key",
    answered(400, { error: "invalid_grant", error_description: "Invalid JWT Signature." }),
    "auth",
    "credentials-wrong",
  ],
  ["an issuer that is busy", answered(503, {}), "transient", "server-error"],
  [
    "an issuer that is out of reach",
    Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
    "transient",
    "connection-lost",
  ],
])("%s is told as what it is", async (_what, error, kind, code) => {
  const { get, fail } = stage("鍵.json");
  fail(error);
  await expect(get()).rejects.toMatchObject({ kind, code });
});

test("where none is to be sent, none is", async () => {
  expect(await noTokens.get(testCtx())).toBeUndefined();
});
