import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { stagedName } from "../../../src/targets/files/own-names.ts";
import { type SendSettings, sendByRsync } from "../../../src/targets/ssh/rsync/send-by-rsync.ts";
import type { StagedFile } from "../../../src/targets/ssh/send-many.ts";
import type { SshLine } from "../../../src/targets/ssh/ssh-line.ts";
import { bodyOf, metaOf } from "../../doubles/site-file.ts";
import { type TestCtx, testCtx } from "../../doubles/test-ctx.ts";
import { serverFile } from "../../servers/packages.ts";
import { type SshServer, type SshServerOptions, startSshd } from "../../servers/sshd.ts";
import { openLine } from "../ssh-lines.ts";

/** The rsync that is unpacked beside the installed one, which is newer. */
export const OLD_RSYNC = (): string => serverFile("rsync", "usr/bin/rsync");

/** Where files are sent from and to in a test. */
export interface SendStage {
  readonly server: SshServer;
  readonly line: SshLine;
  /** The folder on the server, which this machine sees under the same path. */
  readonly dir: string;
  /** The folder of spools on this machine. */
  readonly spools: string;
}

/** An empty folder that is gone after the test. */
export function scratchDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "smartsync-rsync-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts a server with an empty folder to send to, whose name no shell would leave alone, and logs in. */
export async function sendStage(options: SshServerOptions = {}, login: object = {}): Promise<SendStage> {
  const server = await startSshd(options);
  onTestFinished(() => server.stop());
  const dir = join(server.home, `stage $(touch oops) 'it"s 段`);
  mkdirSync(dir);
  chownSync(dir, server.uid, server.uid);
  const line = await openLine(server, login);
  onTestFinished(() => line[Symbol.asyncDispose]());
  return { server, line, dir, spools: join(scratchDir(), "spool") };
}

/** What became of a call. */
export interface Sent {
  readonly done: string[];
  readonly failed: string[];
  readonly progress: number[];
  /** undefined when it resolved. */
  readonly error: unknown;
}

/** Sends files, and gathers what is told of them. */
export async function send(
  stage: SendStage,
  files: readonly StagedFile[],
  settings: Partial<SendSettings> = {},
  ctx: TestCtx = testCtx(),
): Promise<Sent> {
  const done: string[] = [];
  const failed: string[] = [];
  const progress: number[] = [];
  const sendMany = sendByRsync(stage.line, {
    ...{ rsyncPath: "rsync", times: true, modes: true, compress: false },
    ...{ spools: stage.spools, modeOf: ({ mode }) => mode },
    ...settings,
  });
  const report = {
    done: ({ path }: StagedFile["file"]) => void done.push(path),
    failed: ({ path }: StagedFile["file"]) => void failed.push(path),
    progress: (_: StagedFile["file"], sent: number) => void progress.push(sent),
  };
  const error = await sendMany(files, stage.dir, ctx, report).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { done, failed, progress, error };
}

/** A file on its way into the stage. */
export function staged(path: string, content: Uint8Array, more: Partial<StagedFile["file"]> = {}): StagedFile {
  const file = metaOf(path, content, more);
  return { id: stagedName(file.path), file, body: bodyOf(content) };
}

/** What lies in the stage under a file's id; undefined when nothing does. */
export function landed({ dir }: SendStage, { id }: StagedFile): Buffer | undefined {
  return readdirSync(dir).includes(id) ? readFileSync(join(dir, id)) : undefined;
}

/** Puts a shell script of this name first on the PATH of what this test starts; gives the folder it lies in. */
export function commandOf(name: string, script: string): string {
  const dir = scratchDir();
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv("PATH", `${dir}${delimiter}${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return dir;
}
