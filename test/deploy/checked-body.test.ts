import { createReadStream, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { checkedBody } from "../../src/deploy/checked-body.ts";
import { bodyOf, bytes, metaOf } from "../doubles/site-file.ts";

const content = bytes(200_000);
const file = metaOf("画像/桜.jpg", content);
const changed = expect.objectContaining({ kind: "conflict", code: "source-changed" });

test("bytes that are what the plan says pass unchanged, and are counted", async () => {
  const passed: number[] = [];
  const body = checkedBody(file, bodyOf(content), (sent) => passed.push(sent));
  expect(await buffer(body)).toEqual(Buffer.from(content));
  expect(passed.at(-1)).toBe(content.length);
  expect(passed.length).toBeGreaterThan(1);
});

test("an empty file passes", async () => {
  const empty = metaOf("empty.txt", new Uint8Array());
  expect(
    (
      await buffer(
        checkedBody(
          empty,
          () => Readable.from([], { objectMode: false }),
          () => {},
        ),
      )
    ).length,
  ).toBe(0);
});

test.each([
  ["of the same length", Uint8Array.from(content, (byte, at) => (at === 199_999 ? byte ^ 1 : byte))],
  ["that is shorter", content.subarray(0, 199_999)],
  ["that is longer", bytes(200_001)],
  ["that is empty", new Uint8Array()],
])("another content %s ends in an error, not in an end", async (_what, other) => {
  await expect(buffer(checkedBody(file, bodyOf(other), () => {}))).rejects.toEqual(changed);
});

test("a longer content is stopped as soon as it is too long", async () => {
  const passed: number[] = [];
  const endless = () => Readable.from(forever(), { objectMode: false });
  await expect(buffer(checkedBody(file, endless, (sent) => passed.push(sent)))).rejects.toEqual(changed);
  expect(passed.at(-1)).toBeLessThanOrEqual(file.size);
});

async function* forever() {
  for (;;) yield Buffer.alloc(65_536);
}

test("a file that is gone counts as changed", async () => {
  const dir = mkdtempSync(join(tmpdir(), "smartsync-body-"));
  const open = () => createReadStream(join(dir, "gone.html"));
  await expect(buffer(checkedBody(file, open, () => {}))).rejects.toEqual(changed);
});

test("a file that can't be read keeps its own error", async () => {
  const dir = mkdtempSync(join(tmpdir(), "smartsync-body-"));
  writeFileSync(join(dir, "file"), "");
  const open = () => createReadStream(join(dir, "file", "below"));
  await expect(buffer(checkedBody(file, open, () => {}))).rejects.toThrow("ENOTDIR");
});
