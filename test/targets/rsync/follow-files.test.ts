import { expect, test } from "vitest";
import { followFiles } from "../../../src/targets/ssh/rsync/follow-files.ts";
import { bytes, metaOf } from "../../doubles/site-file.ts";

test("small files are told as they pass, once it takes long enough for somebody to watch", () => {
  const files = new Map(["a1", "b2", "c3"].map((id) => [id, metaOf(`写真-${id}.jpg`, bytes(100))]));
  let now = 0;
  const told: [string, number][] = [];
  const report = {
    done: () => undefined,
    failed: () => undefined,
    progress: ({ path }: { path: string }, sent: number) => told.push([path, sent]),
  };
  const news = followFiles(files, report, { now: () => now, sleep: async () => undefined });
  news.begun("a1");
  news.passed(100);
  news.begun("b2");
  expect(told).toEqual([]);
  now = 1_000;
  news.passed(60);
  expect(told.splice(0)).toEqual([
    ["写真-a1.jpg", 100],
    ["写真-b2.jpg", 60],
  ]);
  now = 1_100;
  news.begun("c3");
  expect(told).toEqual([]);
  now = 1_200;
  // With what rsync adds of its own, more passes than the file has.
  news.passed(130);
  expect(told).toEqual([
    ["写真-b2.jpg", 100],
    ["写真-c3.jpg", 100],
  ]);
});
