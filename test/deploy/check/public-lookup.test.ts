import type { LookupAddress } from "node:dns";
import { expect, test, vi } from "vitest";
import { publicLookup } from "../../../src/deploy/check/public-lookup.ts";

/** What the name server says, one answer after the other. */
const answers: LookupAddress[][] = [];

vi.mock("node:dns", () => ({
  lookup: (_host: string, _options: unknown, done: (error: null, addresses: LookupAddress[]) => void) =>
    done(null, answers.shift() ?? []),
}));

type Found = { readonly error: unknown; readonly address: unknown; readonly family?: number | undefined };

function find(host: string, all: boolean): Promise<Found> {
  const lookup = publicLookup(new Set(["www.example.jp"]));
  return new Promise((resolve) => {
    lookup(host, { all }, (error, address, family) => resolve({ error, address, family }));
  });
}

const PUBLIC = { address: "203.0.113.7", family: 4 };
const PRIVATE = { address: "::ffff:10.0.0.5", family: 6 };

test("a name is connected to at the addresses that were checked, in the form that was asked for", async () => {
  answers.push([PUBLIC], [PUBLIC]);
  expect(await find("www.example.jp", true)).toEqual({ error: null, address: [PUBLIC], family: undefined });
  expect(await find("www.example.jp", false)).toEqual({ error: null, address: PUBLIC.address, family: 4 });
});

test("a name that is public at the first look and private at the next is refused then", async () => {
  answers.push([PUBLIC], [PRIVATE]);
  expect((await find("www.example.jp", true)).error).toBeNull();
  expect((await find("www.example.jp", true)).error).toMatchObject({ code: "check-private", kind: "config" });
});

test("one private address among public ones is enough to refuse", async () => {
  answers.push([PUBLIC, PRIVATE]);
  expect((await find("www.example.jp", false)).error).toMatchObject({ code: "check-private" });
});

test("a host that is not looked at, such as a proxy, may be private", async () => {
  answers.push([PRIVATE]);
  expect(await find("proxy", true)).toMatchObject({ error: null, address: [PRIVATE] });
});
