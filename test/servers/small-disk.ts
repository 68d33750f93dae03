import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of a known size. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted; belongs to root, any user may look inside. */
  readonly path: string;
}

/** Mounts, says so, and unmounts when standard input closes: the kernel closes it even if the test process is killed. */
const MOUNT = `mount -t tmpfs -o size="$2"m,mode=755 smartsync-test "$1" && echo mounted && cat; umount -l "$1"; rmdir "$1"`;

/**
 * Mounts an empty tmpfs that holds so many megabytes, at a new place or at a directory that is given (and goes with it).
 * Needs root; says so when the system refuses.
 */
export async function mountSmallDisk(
  megabytes: number,
  path: string = mkdtempSync(join(tmpdir(), "smartsync-disk-")),
): Promise<SmallDisk> {
  const keeper = spawn("sh", ["-c", MOUNT, "keeper", path, String(megabytes)], { detached: true });
  const ended = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
  const complaint: Buffer[] = [];
  keeper.stderr.on("data", (chunk: Buffer) => complaint.push(chunk));
  const mounted = await Promise.race([new Promise((resolve) => keeper.stdout.once("data", resolve)), ended]);
  if (!mounted) {
    throw new Error(`a small disk for the tests could not be mounted (only root may): ${Buffer.concat(complaint)}`);
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      keeper.stdin.end();
      await ended;
    },
  };
}
