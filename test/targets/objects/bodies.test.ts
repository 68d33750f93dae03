import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createBodies } from "../../../src/targets/objects/bodies.ts";
import { bodyOf, bytes, failingBody, metaOf, stalledBody } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const MB = 1 << 20;

/** Takes a while with everything it is given, and says what that was and how much there was at once. */
function slowSender() {
  const seen = { whole: 0, stream: 0, bytes: 0, most: 0, mostStreams: 0 };
  let streams = 0;
  return {
    seen,
    async whole(content: Uint8Array) {
      seen.whole++;
      seen.bytes += content.length;
      seen.most = Math.max(seen.most, seen.bytes);
      await delay(20);
      seen.bytes -= content.length;
      return content.length;
    },
    async stream(content: Readable) {
      seen.stream++;
      seen.mostStreams = Math.max(seen.mostStreams, ++streams);
      let length = 0;
      for await (const chunk of content) length += chunk.length;
      await delay(20);
      streams--;
      return length;
    },
  };
}

test("a file is given whole below the size that is large, and as a stream from there on", async () => {
  const sender = slowSender();
  const bodies = createBodies(1_000_000);
  for (const length of [0, 1, 70_000, 300_000, 999_999, 1_000_000, 1_500_000]) {
    const content = bytes(length);
    expect(await bodies.read(metaOf("a.bin", content), bodyOf(content), testCtx(), sender)).toBe(length);
  }
  expect(sender.seen).toMatchObject({ whole: 5, stream: 2 });
});

test("bytes that were compressed on their way are given as they are, however long the file is", async () => {
  const file = metaOf("a.html", bytes(500_000));
  const packed = bytes(120_000);
  expect(await createBodies(1_000_000).read(file, bodyOf(packed), testCtx(), slowSender())).toBe(120_000);
});

test("of 100 files of a megabyte no more than 64 MB are in memory at once", async () => {
  const sender = slowSender();
  const bodies = createBodies(8 * MB);
  const content = bytes(2 * MB);
  const file = metaOf("a.bin", content);
  await Promise.all(Array.from({ length: 100 }, () => bodies.read(file, bodyOf(content), testCtx(), sender)));
  expect(sender.seen.most).toBeLessThanOrEqual(64 * MB);
  expect(sender.seen.most).toBeGreaterThan(32 * MB);
});

test("two large files are sent at once, and no more", async () => {
  const sender = slowSender();
  const bodies = createBodies(MB);
  const content = bytes(2 * MB);
  const file = metaOf("a.mp4", content);
  await Promise.all(Array.from({ length: 8 }, () => bodies.read(file, bodyOf(content), testCtx(), sender)));
  expect(sender.seen.mostStreams).toBe(2);
});

test("a body that fails gives what it took back, and its own error is thrown", async () => {
  const bodies = createBodies(8 * MB);
  const turnedBad = new Error("the content is not what the plan says");
  const content = bytes(7 * MB);
  const file = metaOf("a.bin", content);
  const failing = Array.from({ length: 30 }, () =>
    bodies.read(file, failingBody(content, turnedBad), testCtx(), slowSender()),
  );
  for (const result of await Promise.allSettled(failing)) expect(result).toMatchObject({ reason: turnedBad });
  expect(await bodies.read(file, bodyOf(content), testCtx(), slowSender())).toBe(7 * MB);
});

test("a body that stalls ends as soon as it is stopped, and so do those that wait for it", async () => {
  const bodies = createBodies(8 * MB);
  const stop = new AbortController();
  const content = bytes(7 * MB);
  const file = metaOf("a.bin", content);
  const reading = Array.from({ length: 30 }, () =>
    bodies.read(file, stalledBody(content), testCtx({ signal: stop.signal }), slowSender()),
  );
  setTimeout(() => stop.abort(), 50);
  for (const result of await Promise.allSettled(reading)) expect(result).toMatchObject({ reason: { kind: "aborted" } });
});

test("a body that is closed before its end is not taken for a whole one", async () => {
  const content = bytes(10);
  const body = new Readable({ read() {} });
  body.push(content);
  setTimeout(() => body.destroy(), 20);
  const reading = createBodies(MB).read(metaOf("a.bin", content), () => body, testCtx(), slowSender());
  await expect(reading).rejects.toThrow("closed before its end");
});
