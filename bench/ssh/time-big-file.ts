import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { openLink } from "../link/open-link.ts";
import { saveResult } from "../results.ts";
import { runChecked } from "../run-command.ts";
import { versionOf } from "../version-of.ts";
import { startSshServer } from "./server.ts";
import { SSH_TOOLS } from "./tools.ts";

const BYTES = 1e9;
const AGE_MS = 3_000;

/** Times the first delivery of one file of 1 GB over loopback, round by round in turns, and the sender's memory. */
export async function timeBigFile({ rounds, signal }: { rounds: number; signal: AbortSignal }): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "smartsync-bench-"));
  try {
    // No delay is worked into packets that stay at the server's end: its loopback device carries them.
    await using link = await openLink({ delayMs: 0 });
    await using server = await startSshServer(link, scratch);
    const source = join(scratch, "source");
    await writeBigFile(source);
    await sleep(AGE_MS);
    const memory = join(scratch, "memory");
    const seconds = new Map<string, number[]>();
    for (let round = 1; round <= rounds; round++) {
      for (const name of ["rsync", "smartsync-rsync", "smartsync-sftp"] as const) {
        const tool = SSH_TOOLS[name];
        const remote = `/${name}-${round}`;
        const own = join(scratch, `own-${name}-${round}`);
        await mkdir(own);
        const argv = ["time", "-f", "%M", "-o", memory, ...(await tool.prepare(server, source, remote, own))];
        const outcome = await runChecked(link.command("server", argv), { signal });
        await runChecked(["diff", "-r", source, join(server.root, remote)], { signal });
        await rm(join(server.root, remote), { recursive: true });
        const all = [...(seconds.get(name) ?? []), outcome.seconds];
        seconds.set(name, all);
        const peakBytes = Number(await readFile(memory, "utf8")) * 1024;
        const { settings } = tool;
        const version = await versionOf(tool.version());
        const timed = { seconds: all, peakBytes, files: 1, version, settings };
        await saveResult({ bench: "ssh-big", scenario: "first", tool: name, ...timed });
        console.log(`${tool.label}, 1 GB: ${outcome.seconds.toFixed(2)} s, ${Math.round(peakBytes / 1e6)} MB`);
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeBigFile(folder: string): Promise<void> {
  await mkdir(folder);
  // Not compressible, and no block of it like another.
  const block = (index: number) => Buffer.alloc(1_000_000, `${index} ${Math.imul(index + 1, 2654435761)} 映像 `);
  const blocks = Readable.from(
    Array.from({ length: BYTES / 1_000_000 }, (_, index) => index)
      .values()
      .map(block),
  );
  await pipeline(blocks, createWriteStream(join(folder, "動画.mp4")));
}
