import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { localTarget } from "../../../src/targets/local/local-target.ts";
import type { Target } from "../../../src/targets/target.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const NOBODY = 65_534;

/** A scratch directory that any user can look into, until the test is over. */
export async function scratchDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "smartsync-local-"));
  await chmod(dir, 0o755);
  onTestFinished(async () => {
    // Tests close directories; a plain user could not empty those.
    await promisify(execFile)("chmod", ["-R", "u+rwx", dir]);
    await rm(dir, { recursive: true, force: true });
  });
  return dir;
}

/** Opens `<dir>/site` as a local target. */
export function openSite(baseDir: string, config: Record<string, unknown> = {}): Promise<Target> {
  const parsed = localTarget.schema.parse({ type: "local", path: "site", ...config });
  return localTarget.open(parsed, { name: "copy", baseDir }, testCtx());
}

/** Does the work as a user for whom permissions count: as "nobody" when the tests run as root. */
export async function asPlainUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
