import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { SendReport, Target } from "../../../src/targets/target.ts";
import { bodyOf, bytes, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { ensurePackages } from "../../servers/packages.ts";
import { type SshServer, type SshServerOptions, startSshd } from "../../servers/sshd.ts";
import { openRsyncOn } from "../rsync-server.ts";
import { OLD_RSYNC, scratchDir } from "./stage.ts";

ensurePackages();

async function opened(options: SshServerOptions, more: object = {}): Promise<{ server: SshServer; target: Target }> {
  const server = await startSshd(options);
  onTestFinished(() => server.stop());
  const target = await openRsyncOn(server, scratchDir(), more);
  onTestFinished(() => target[Symbol.asyncDispose]());
  return { server, target };
}

/** Stages two files, and gives where the first lies, looked up on the server's disk. */
async function stageTwo(target: Target, ctx = testCtx()) {
  const contents = [bytes(1_000), bytes(2_000, 2)];
  const files = contents.map((content, i) => ({
    file: metaOf(`ページ ${i}.html`, content, { mode: 0o751 }),
    body: bodyOf(content),
  }));
  const done: string[] = [];
  const report: SendReport = { done: ({ path }) => void done.push(path), failed: () => undefined };
  const stage = await target.stage?.("run-1", ctx);
  if (!stage?.putMany) throw new Error("an rsync target stages many files at once");
  await stage.putMany(files, ctx, report);
  return { stage, done, events: ctx.events };
}

test("doctor is told the versions of both sides", async () => {
  const { target } = await opened({ rsync: OLD_RSYNC() });
  expect(await target.examine?.(testCtx())).toEqual([
    expect.stringMatching(/^rsync 3\.\S+ here$/),
    expect.stringMatching(/^rsync 3\.\S+ on the server$/),
  ]);
});

test("without rsync on the server a delivery fails, and doctor says so", async () => {
  const { target } = await opened({ rsync: "none" });
  await expect(stageTwo(target)).rejects.toMatchObject({ kind: "config", code: "rsync-missing" });
  await expect(target.examine?.(testCtx())).rejects.toMatchObject({ code: "rsync-missing" });
});

test("with fallback: sftp it warns, and leaves the files to be sent over SFTP", async () => {
  const { target } = await opened({ rsync: "none" }, { fallback: "sftp" });
  const { done, events } = await stageTwo(target);
  expect(done).toEqual([]);
  expect(events).toMatchObject([{ type: "warning", target: "web1", code: "rsync-missing" }]);
  expect(await target.examine?.(testCtx())).toEqual([expect.stringContaining("over SFTP")]);
});

test.each([
  ["keep", 0o751],
  ["server", 0o644],
  ["0604", 0o604],
] as const)("modes: %s", async (modes, expected) => {
  const { server, target } = await opened({}, { modes });
  const { stage } = await stageTwo(target);
  const file = metaOf("ページ 0.html", bytes(1_000), { mode: 0o751 });
  const changes = [{ kind: "put", reason: "new", file } as const];
  await stage.prepare({ phases: [{ name: "pages", changes }], missingDirs: [], emptied: [] }, testCtx());
  await stage.publish(testCtx(), () => undefined);
  await stage[Symbol.asyncDispose]();
  const path = join(server.root, "ページ 0.html");
  expect((statSync(path).mode & 0o777).toString(8)).toBe(expected.toString(8));
  expect(readFileSync(path)).toHaveLength(1_000);
  expect(dirname(path)).toBe(server.root);
});
