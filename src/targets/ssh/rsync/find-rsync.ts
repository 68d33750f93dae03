import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SmartsyncError } from "../../../lib/errors.ts";
import { quoteForShell } from "../quote-for-shell.ts";
import { runCommand } from "../run-command.ts";
import type { LineCtx, SshLine } from "../ssh-line.ts";
import { serverLacksRsync } from "./rsync-failure.ts";

/** The oldest rsync that has what smartsync asks of it, of 2013. */
const OLDEST = [3, 1] as const;

/** A program that takes longer to tell its version is something else. */
const ANSWER_MS = 10_000;

/** What the local rsync is to see of the environment: the rest are secrets, and options of rsync that others set. */
export function rsyncEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: "C" };
}

/** The rsync of this machine by its version, "3.2.7". Throws "rsync-missing" and "rsync-too-old" (kind config). */
export async function requireLocalRsync(): Promise<string> {
  let output: string;
  try {
    output = (await promisify(execFile)("rsync", ["--version"], { env: rsyncEnv(), timeout: ANSWER_MS })).stdout;
  } catch (cause) {
    throw new SmartsyncError("could not start rsync on this machine", {
      kind: "config",
      code: "rsync-missing",
      hint: "install the package rsync here, or set type: sftp",
      cause,
    });
  }
  return readRsyncVersion(output, "this machine");
}

/** The server's rsync by its version. Throws "rsync-missing" and "rsync-too-old" (kind config). */
export async function requireServerRsync(line: SshLine, rsyncPath: string, ctx: LineCtx): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(line, quoteForShell([rsyncPath, "--version"]), ctx);
  if (exitCode === 0) return readRsyncVersion(stdout, line.place);
  throw serverLacksRsync(line.place, stderr);
}

/** The version in what `rsync --version` writes. Throws "rsync-too-old" where it is none, or another program. */
export function readRsyncVersion(output: string, where: string): string {
  const [, version, major, minor] = /^rsync +version v?((\d+)\.(\d+)\S*)/m.exec(output) ?? [];
  const isEnough = Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
  if (version !== undefined && isEnough) return version;
  const found = /openrsync/i.test(output) ? "openrsync" : `rsync ${version ?? "of an unknown version"}`;
  throw new SmartsyncError(`the rsync of ${where} is ${found}, which lacks what smartsync needs`, {
    kind: "config",
    code: "rsync-too-old",
    hint: "install rsync 3.1 or newer there (on macOS: brew install rsync), or set type: sftp",
  });
}
