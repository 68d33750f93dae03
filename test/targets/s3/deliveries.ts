import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { forEachAtOnce } from "../../../src/lib/for-each.ts";
import { type CliResult, makeWorkspace, treeOf, type Workspace } from "../../cli/workspace.ts";
import { bytes } from "../../doubles/site-file.ts";
import type { S3Bucket } from "../../servers/s3-bucket.ts";

/** A command's end, with everything it wrote. */
export interface Ended extends CliResult {
  readonly output: string;
}

/** A workspace for one test: a site of so many pages, with Japanese names among them, and one s3 target, "bucket". */
export function siteFor(setting: object, pages = 60): Workspace {
  const workspace = makeWorkspace();
  onTestFinished(() => workspace[Symbol.dispose]());
  workspace.configure({ bucket: setting });
  const files = Array.from({ length: pages }, (_, i): [string, Uint8Array] => [
    `${i % 2 ? "お知らせ" : "news"}/${1_000 + i}.html`,
    bytes(2_000, i),
  ]);
  workspace.publish({ "index.html": "<h1>ようこそ</h1>", "assets/site.css": "body {}", ...Object.fromEntries(files) });
  return workspace;
}

/** Pushes, and expects it to end with this exit code. */
export async function expectPush(
  workspace: Workspace,
  code: number,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Ended> {
  const result = await workspace.run(["push", "--yes", ...args], env);
  const output = result.stdout + result.stderr;
  expect(result.code, output).toBe(code);
  return { ...result, output };
}

/** Every file of the site below the prefix with its content as latin1 text, as `treeOf` gives the source. */
export async function siteIn(bucket: S3Bucket, prefix = ""): Promise<Record<string, string>> {
  const keys = (await bucket.keys(prefix)).filter((key) => !key.startsWith(`${prefix}.smartsync/`));
  const site: Record<string, string> = {};
  await forEachAtOnce(keys, 32, async (key) => {
    site[key.slice(prefix.length)] = Buffer.from((await bucket.read(key)) ?? "").toString("latin1");
  });
  return site;
}

/** Expects the bucket to have what the source has, nothing half-done in it, and a plan without changes. */
export async function expectDelivered(workspace: Workspace, bucket: S3Bucket, prefix = ""): Promise<void> {
  expect(await siteIn(bucket, prefix)).toEqual(treeOf(workspace.source));
  expect(await bucket.openUploads()).toEqual([]);
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
}

/**
 * Expects that a delivery that met another one ended well: it was told who is at work, or came so late that nothing
 * was left to do, or that its plan was out of date.
 */
export function expectGaveWay({ code, stdout, stderr }: CliResult): void {
  expect([0, 1, 5], stdout + stderr).toContain(code);
  if (code === 1) expect(stdout + stderr).toContain("target-moved");
}

/** Runs doctor; gives how it ended and what it said. */
export async function examine(workspace: Workspace): Promise<Ended> {
  const result = await workspace.run(["doctor"]);
  return { ...result, output: result.stdout + result.stderr };
}

/** Changes every page. */
export function rewrite(workspace: Workspace): void {
  for (const path of Object.keys(treeOf(workspace.source))) {
    const file = join(workspace.source, path);
    writeFileSync(file, `${readFileSync(file, "latin1")}<!-- 二 -->`);
  }
}
