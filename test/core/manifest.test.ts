import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeManifest, encodeManifest, type Manifest } from "../../src/core/manifest.ts";
import { seal, unseal } from "../../src/core/sealed.ts";
import type { RemoteFile } from "../../src/core/snapshot.ts";
import { anyOddPath } from "./arbitraries.ts";
import { remote, sha256 } from "./snapshots.ts";

const anyFile: fc.Arbitrary<RemoteFile> = fc.record(
  {
    path: anyOddPath,
    size: fc.maxSafeNat(),
    sha256: fc.option(fc.string().map(sha256)),
    etag: fc.string({ unit: "binary" }),
  },
  { requiredKeys: ["path", "size", "sha256"] },
);

const anyManifest: fc.Arbitrary<Manifest> = fc.record({
  format: fc.constant(1),
  site: fc.string(),
  generation: fc.nat(),
  run: fc.string(),
  at: fc.date({ noInvalidDate: true, min: new Date("1970"), max: new Date("2999") }).map((date) => date.toISOString()),
  files: fc.array(anyFile).map((files) => new Map(files.map((file) => [file.path, file]))),
});

const sample: Manifest = {
  format: 1,
  site: "corporate",
  generation: 12,
  run: "20261122-0900",
  at: "2026-11-22T09:00:00.000Z",
  files: remote({ "index.html": "one", "会社概要/地図.png": "two", "途中.html": null }).files,
};

/** The sample with its text changed as a program that knows the format could change it. */
function forged(change: (text: string) => string): Uint8Array {
  return seal(change(unseal(encodeManifest(sample))));
}

describe("a manifest", () => {
  test("is read as it was written, whatever the names are", () => {
    fc.assert(
      fc.property(anyManifest, (manifest) => {
        expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
      }),
    );
  });

  test("is read in path order, and is the same bytes whatever order it was made in", () => {
    const backwards = { ...sample, files: new Map([...sample.files].reverse()) };
    expect([...decodeManifest(encodeManifest(backwards)).files.keys()]).toEqual([...sample.files.keys()].sort());
    expect(encodeManifest(backwards)).toEqual(encodeManifest(sample));
  });

  test("can be read by a person with zcat", () => {
    const [about, first] = gunzipSync(encodeManifest(sample).subarray(0, -32)).toString().split("\n");
    expect(about).toContain('"site":"corporate","generation":12');
    expect(first).toBe(`["index.html",3,"${sha256("one")}"]`);
  });

  test("is not read when it is cut off anywhere", () => {
    const bytes = encodeManifest(sample);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeManifest(bytes.subarray(0, length)), `${length} bytes`).toThrow("cut off or damaged");
    }
  });

  test("is not read when any one bit of it is wrong", () => {
    const bytes = encodeManifest(sample);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Uint8Array.from(bytes, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => decodeManifest(damaged), `bit ${bit}`).toThrow("cut off or damaged");
    }
  });

  test("is not read when something was added to it", () => {
    expect(() => decodeManifest(Buffer.concat([encodeManifest(sample), Buffer.from("\n")]))).toThrow(
      "cut off or damaged",
    );
  });

  test("of a newer format is not read, and says so", () => {
    const newer = forged((text) => text.replace('"format":1', '"format":2,"shards":9'));
    expect(() => decodeManifest(newer)).toThrow("written by a newer smartsync (format 2; this one reads 1)");
  });

  test.each([
    ["a path that leads outside", (text: string) => text.replace("index.html", "../index.html"), "line 2"],
    ["a path named twice", (text: string) => text.replace("会社概要/地図.png", "index.html"), "line 3"],
    ["a missing line", (text: string) => text.slice(0, text.lastIndexOf("\n")), "names 2 files but speaks of 3"],
    ["a size that is none", (text: string) => text.replace('"index.html",3', '"index.html",-3'), "line 2"],
    ["a hash that is none", (text: string) => text.replace(sha256("one"), "ABC"), "line 2"],
    ["a line that is no JSON", (text: string) => text.replace("]\n[", "\n["), "line 2"],
    ["an empty line at the end", (text: string) => `${text}\n`, "line 5"],
    ["a header without a site", (text: string) => text.replace('"site"', '"sight"'), "site"],
  ])("with %s is not read", (_, change, why) => {
    expect(() => decodeManifest(forged(change))).toThrow(why);
  });
});
