import { describe, expect, test } from "vitest";
import { seal, unseal } from "../../src/core/sealed.ts";
import {
  applyIntent,
  encodeHead,
  encodeIntent,
  encodeProgress,
  type Head,
  type Intent,
  type Progress,
  parseHead,
  parseIntent,
  parseProgress,
} from "../../src/core/target-records.ts";
import { relPath, remote, sha256 } from "./snapshots.ts";

const at = "2026-11-22T09:00:00.000Z";

const head: Head = {
  format: 1,
  generation: 12,
  manifest: { file: "manifest-20261122.gz", sha256: sha256("bytes"), content: sha256("site") },
  run: "20261122",
  at,
  intent: { file: "intent-20261123.gz", run: "20261123", at },
};

const intent: Intent = {
  format: 1,
  run: "20261123",
  baseGeneration: 12,
  at,
  by: "admin@cms",
  puts: [
    [relPath("新着.html"), 3, sha256("new")],
    [relPath("index.html"), 5, sha256("newer")],
  ],
  deletes: [relPath("old.html"), relPath("older.html")],
};

const progress: Progress = {
  format: 1,
  run: "20261123",
  done: [
    [relPath("新着.html"), 3, sha256("new"), '"e-1"'],
    [relPath("old.html"), 0, null],
  ],
};

const bytesOf = (json: object) => Buffer.from(JSON.stringify(json));

describe("the records on a target", () => {
  test("are read as they were written", () => {
    const first: Head = { ...head, generation: 0, manifest: null, intent: null };
    expect(parseHead(encodeHead(head))).toEqual(head);
    expect(parseHead(encodeHead(first))).toEqual(first);
    expect(parseIntent(encodeIntent(intent))).toEqual(intent);
    expect(parseProgress(encodeProgress(progress))).toEqual(progress);
  });

  test("are never taken for absent when they are empty, cut off or something else", () => {
    const cut = (bytes: Uint8Array) => bytes.subarray(0, -1);
    expect(() => parseHead(new Uint8Array())).toThrow("not JSON");
    expect(() => parseHead(encodeHead(head).subarray(0, 40))).toThrow("not JSON");
    expect(() => parseHead(Buffer.from("null"))).toThrow("the head is not valid");
    expect(() => parseIntent(new Uint8Array())).toThrow("cut off");
    expect(() => parseIntent(cut(encodeIntent(intent)))).toThrow("cut off");
    expect(() => parseIntent(encodeProgress(progress))).toThrow("the intent is not valid");
    expect(() => parseProgress(cut(encodeProgress(progress)))).toThrow("cut off");
    expect(() => parseProgress(seal("{"))).toThrow("not JSON");
  });

  test("of a newer smartsync are not read", () => {
    expect(() => parseHead(bytesOf({ ...head, format: 2, epoch: 1 }))).toThrow("newer smartsync (format 2");
    expect(() => parseIntent(seal(unseal(encodeIntent(intent)).replace('"format":1', '"format":3')))).toThrow("newer");
  });

  test("can't name anything outside the site or the store", () => {
    const outside = { ...intent, deletes: ["../../etc/passwd"] };
    expect(() => parseIntent(seal(JSON.stringify(outside)))).toThrow("deletes.0: is not a path below the site's root");
    const elsewhere = { ...head, manifest: { file: "../manifest.gz", sha256: sha256(""), content: sha256("site") } };
    expect(() => parseHead(bytesOf(elsewhere))).toThrow("manifest.file: is not the name of a record");
  });

  test("hold nothing they are not meant to", () => {
    expect(() => parseHead(bytesOf({ ...head, extra: true }))).toThrow("extra");
  });
});

describe("applyIntent", () => {
  const before = remote({
    "index.html": "index",
    "old.html": "old",
    "older.html": "older",
    "画像/山.jpg": "JPG",
  }).files;

  test("makes every path of the intent unknown before anything is recorded, and leaves the others", () => {
    const after = applyIntent(before, intent, []);
    const unknown = [...after.values()].filter((file) => file.sha256 === null).map((file) => file.path);
    expect(unknown.sort()).toEqual(["index.html", "old.html", "older.html", "新着.html"]);
    expect(after.get(relPath("画像/山.jpg"))).toEqual(before.get(relPath("画像/山.jpg")));
    expect(before.get(relPath("old.html"))?.sha256).toBe(sha256("old"));
  });

  test("knows what was recorded as done, over any number of parts", () => {
    const later: Progress = { ...progress, done: [[relPath("older.html"), 0, null]] };
    const after = applyIntent(before, intent, [progress, later]);
    expect(after.get(relPath("新着.html"))).toEqual({
      path: "新着.html",
      size: 3,
      sha256: sha256("new"),
      etag: '"e-1"',
    });
    expect(after.has(relPath("old.html"))).toBe(false);
    expect(after.has(relPath("older.html"))).toBe(false);
    expect(after.get(relPath("index.html"))?.sha256).toBeNull();
  });
});
