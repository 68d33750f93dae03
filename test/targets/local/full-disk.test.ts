import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { scratchDir } from "./stage.ts";

/** Runs the script on a disk of 1 MB that only it can see. */
async function onTinyDisk(script: URL): Promise<unknown> {
  const dir = await scratchDir();
  const unshare = process.geteuid?.() === 0 ? ["-m"] : ["-r", "-m"];
  const mount = 'mount -t tmpfs -o size=1m tiny "$1" && exec "$2" "$3" "$1"';
  const args = [...unshare, "sh", "-c", mount, "sh", dir, process.execPath, fileURLToPath(script)];
  const { stdout } = await promisify(execFile)("unshare", args);
  return JSON.parse(stdout);
}

it("a full disk is told as such, and leaves the old file and nothing else", async () => {
  const full = { kind: "config", code: "disk-full", hint: expect.stringContaining("free space") };
  expect(await onTinyDisk(new URL("./fill-disk.ts", import.meta.url))).toEqual({
    put: { ...full, message: expect.stringMatching(/could not write .*site\/大きい\.bin: the disk is full/) },
    state: { ...full, message: expect.stringContaining("the disk is full") },
    lock: { ...full, message: expect.stringContaining("the disk is full") },
    lockLeft: false,
    files: [{ path: "大きい.bin", size: 1_000 }],
    oldState: 500,
  });
});
