import { describe, expect, test } from "vitest";
import { identityOf, isWorthDescribing, type ListedFile, likelyPartSizes } from "../../src/core/identity.ts";
import { UNKNOWN_SERVING } from "../../src/core/serving.ts";
import type { FileMeta } from "../../src/core/snapshot.ts";
import { metaOf } from "../doubles/site-file.ts";

const MIB = 1 << 20;
const PLAIN = "plain-0123456789abcdef";
const GZIPPED = "gzip-0123456789abcdef";

const page = metaOf("会社案内.html", Buffer.from("<h1>会社案内</h1>"));
const zipped: FileMeta = { ...page, serving: { contentType: "text/html", compress: "gzip", hash: GZIPPED } };
const there: ListedFile = { path: page.path, size: page.size, etag: "e" };
const other = "f".repeat(64);

describe("an object", () => {
  test("with equal bytes is the site's; its headers are known only where smartsync wrote what they are", () => {
    const told = { ...there, sha256: page.sha256, serving: PLAIN };
    expect(identityOf(there, page, "equal")).toEqual({ sha256: page.sha256, serving: UNKNOWN_SERVING });
    expect(identityOf(told, page, "equal")).toEqual({ sha256: page.sha256, serving: PLAIN });
    // Plain bytes that are said to be compressed: what is said is of another object.
    expect(identityOf({ ...told, serving: GZIPPED }, page, "equal")).toMatchObject({ serving: UNKNOWN_SERVING });
    expect(identityOf({ ...told, sha256: other }, page, "equal")).toMatchObject({ sha256: page.sha256 });
  });

  test("with other bytes is what is told beside it, unless the bytes belie that", () => {
    expect(identityOf(there, page, "different")).toBeUndefined();
    expect(identityOf({ ...there, sha256: other, serving: PLAIN }, page, "different")).toEqual({
      sha256: other,
      serving: PLAIN,
    });
    expect(identityOf({ ...there, sha256: page.sha256, serving: PLAIN }, page, "different")).toBeUndefined();
    const compressed = { ...there, sha256: page.sha256, serving: GZIPPED };
    expect(identityOf(compressed, zipped, "different")).toEqual({ sha256: page.sha256, serving: GZIPPED });
  });

  test("that nobody can compare is what is told beside it, and unknown without both hashes", () => {
    expect(identityOf({ ...there, sha256: other, serving: PLAIN }, undefined, "undecided")).toEqual({
      sha256: other,
      serving: PLAIN,
    });
    expect(identityOf({ ...there, sha256: page.sha256 }, page, "undecided")).toBeUndefined();
  });
});

describe("asking for what is written beside an object is worth it", () => {
  const doubt = { there, known: undefined, local: page };

  test("when that may spare sending it", () => {
    expect(isWorthDescribing(doubt, "undecided")).toBe(true);
    expect(isWorthDescribing({ ...doubt, local: zipped }, "different")).toBe(true);
  });

  test("when smartsync may have put it there itself, with its headers", () => {
    const known = { path: page.path, size: 0, sha256: null };
    expect(isWorthDescribing({ ...doubt, known }, "equal")).toBe(true);
    expect(isWorthDescribing(doubt, "equal")).toBe(false);
  });

  test("but not when the bytes differ, the site has no such file, or it was told already", () => {
    expect(isWorthDescribing(doubt, "different")).toBe(false);
    expect(isWorthDescribing({ ...doubt, local: undefined }, "undecided")).toBe(false);
    expect(isWorthDescribing({ ...doubt, there: { ...there, sha256: other, serving: PLAIN } }, "undecided")).toBe(
      false,
    );
  });
});

test("an etag of parts names how many there were, which leaves few sizes they can have had", () => {
  const hex = "0123456789abcdef0123456789abcdef";
  expect(likelyPartSizes(`${hex}-3`, 20 * MIB)).toEqual([8 * MIB]);
  expect(likelyPartSizes(`${hex}-2`, 20 * MIB)).toEqual([10 * MIB, 15 * MIB, 16 * MIB]);
  expect(likelyPartSizes(`${hex}-1`, 7)).toEqual([7]);
  expect(likelyPartSizes(`${hex}-9`, 7)).toEqual([]);
  for (const etag of [hex, "", "0x8DC", `${hex}-`, `${hex}-0`, `${hex}-two`])
    expect(likelyPartSizes(etag, 20 * MIB)).toEqual([]);
});
