import { expect, test } from "vitest";
import { type AccessToken, createTokenSource } from "../../src/cloud/access-token.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { testCtx } from "../doubles/test-ctx.ts";

const MINUTE = 60_000;

/** A clock to set by hand, and tokens named by when they were asked for. */
function stage(lifeMs = 60 * MINUTE) {
  let now = 0;
  let failure: Error | undefined;
  let asked = 0;
  const ctx = testCtx({ clock: { now: () => now, sleep: async () => {} } });
  const source = createTokenSource(async (): Promise<AccessToken> => {
    asked++;
    if (failure) throw failure;
    return { token: `of minute ${now / MINUTE}`, expiresAt: now + lifeMs };
  });
  return {
    get: () => source(ctx),
    at: (minutes: number) => {
      now = minutes * MINUTE;
    },
    fail: (error: Error | undefined) => {
      failure = error;
    },
    asked: () => asked,
  };
}

const busy = new SmartsyncError("busy", { kind: "transient", code: "server-error" });
const wrong = new SmartsyncError("wrong", { kind: "auth", code: "credentials-wrong" });

test("a token is used until five minutes before its end", async () => {
  const { get, at, asked } = stage();
  expect(await get()).toBe("of minute 0");
  at(54);
  expect(await get()).toBe("of minute 0");
  at(56);
  expect(await get()).toBe("of minute 56");
  expect(asked()).toBe(2);
});

test("many who want one at once ask once", async () => {
  const { get, asked } = stage();
  expect(new Set(await Promise.all(Array.from({ length: 64 }, get)))).toEqual(new Set(["of minute 0"]));
  expect(asked()).toBe(1);
});

test("while the old one counts, a service that is busy does no harm; after that it does", async () => {
  const { get, at, fail } = stage();
  await get();
  fail(busy);
  at(57);
  expect(await get()).toBe("of minute 0");
  at(61);
  await expect(get()).rejects.toBe(busy);
  fail(undefined);
  expect(await get()).toBe("of minute 61");
});

test("a refusal is told at once", async () => {
  const { get, at, fail } = stage();
  await get();
  fail(wrong);
  at(57);
  await expect(get()).rejects.toBe(wrong);
});
