import { expect, test } from "vitest";
import { type RsyncEnding, rsyncFailure } from "../../../src/targets/ssh/rsync/rsync-failure.ts";

const ENDING: RsyncEnding = {
  exitCode: 12,
  signalCode: null,
  complaint: "",
  server: { exitCode: 12, stderr: "" },
  place: "deploy@web1.example.jp",
};

const CASES: readonly [string, Partial<RsyncEnding>, object][] = [
  ["a protocol that broke off", {}, { kind: "transient", code: "rsync-interrupted" }],
  ["silence for too long", { exitCode: 30 }, { kind: "transient", code: "rsync-interrupted" }],
  [
    "an rsync killed on the server",
    { server: { exitCode: null, stderr: "" } },
    { kind: "transient", code: "rsync-interrupted" },
  ],
  [
    "a line that broke",
    { server: { exitCode: undefined, stderr: "" } },
    { kind: "transient", code: "connection-lost" },
  ],
  ["some files that failed", { exitCode: 23 }, { kind: "partial", code: "rsync-incomplete" }],
  ["files that failed on the server alone", { exitCode: 0, server: { exitCode: 23, stderr: "" } }, { kind: "partial" }],
  ["options it does not know", { exitCode: 1, complaint: "rsync: --x: unknown option\n" }, { code: "rsync-too-old" }],
  ["what nobody foresaw", { exitCode: 13 }, { kind: "config", code: "rsync-failed" }],
  ["no such program", { server: { exitCode: 127, stderr: "sh: 1: rsync: not found\n" } }, { code: "rsync-missing" }],
  [
    "a full disk",
    { exitCode: 11, complaint: 'rsync: write failed on "/a/0f": No space left on device (28)\n' },
    { kind: "config", code: "disk-full" },
  ],
  [
    "a used-up quota",
    { exitCode: 23, complaint: 'rsync: mkstemp "/a/.0f.x" failed: Disk quota exceeded (122)\n' },
    { kind: "config", code: "disk-full" },
  ],
];

test.each(CASES)("%s", (_, parts, expected) => {
  const error = rsyncFailure({ ...ENDING, ...parts });
  expect(error).toMatchObject(expected);
  expect(error.message).toContain("deploy@web1.example.jp");
  expect(error.hint).toBeTruthy();
});

test("what rsync said is quoted, its end, without what plays tricks with a terminal", () => {
  const noise = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
  const complaint = `${noise}\nrsync: \u001b[31mopendir\u001b[0m failed\r\nrsync error: some files could not be transferred (code 23)\n`;
  const { message } = rsyncFailure({ ...ENDING, exitCode: 23, complaint });
  expect(message).toContain("\n  rsync: [31mopendir[0m failed");
  expect(message.split("\n")).toHaveLength(5);
  expect(message).not.toContain("\u001b");
});
