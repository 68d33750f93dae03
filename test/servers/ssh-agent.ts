import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A running ssh-agent. */
export interface SshAgent extends AsyncDisposable {
  readonly socket: string;
}

/** Starts an agent that holds these private keys, none of them locked. */
export async function startSshAgent(keyFiles: readonly string[]): Promise<SshAgent> {
  const scratch = mkdtempSync(join(tmpdir(), "smartsync-agent-"));
  const socket = join(scratch, "socket");
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  while (!existsSync(socket) && child.exitCode === null) await delay(5);
  for (const file of keyFiles) {
    const { status, stderr } = spawnSync("ssh-add", ["-q", file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    if (status !== 0) throw new Error(`ssh-add ${file}: ${stderr}`);
  }
  return {
    socket,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
