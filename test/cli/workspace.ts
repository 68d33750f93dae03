import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

const LAUNCHER = fileURLToPath(new URL("../../bin/smartsync.js", import.meta.url));

/** How a real run of the command ended. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/** A folder with a configuration and a site, in which the real command is run. */
export interface Workspace extends Disposable {
  readonly dir: string;
  /** The published directory. */
  readonly source: string;
  /** Writes the configuration: one site, "corporate", delivered to these targets, with these CDNs in front. */
  configure(targets: Record<string, object>, site?: object, cdns?: Record<string, object>): void;
  /** Writes files of the site; null removes one. */
  publish(files: Record<string, string | Uint8Array | null>): void;
  start(args: readonly string[], env?: Record<string, string>): RunningCli;
  run(args: readonly string[], env?: Record<string, string>): Promise<CliResult>;
}

/** Makes an empty workspace; it is removed when disposed of. */
export function makeWorkspace(): Workspace {
  const dir = mkdtempSync(join(tmpdir(), "smartsync-cli-"));
  const source = join(dir, "public");
  mkdirSync(source);
  const workspace: Workspace = {
    dir,
    source,
    configure(targets, site = {}, cdns = {}) {
      const names = { targets: Object.keys(targets), cdns: Object.keys(cdns) };
      const sites = { corporate: { source: "./public", ...names, ...site } };
      writeFileSync(join(dir, "smartsync.yaml"), stringify({ sites, targets, cdns }), { mode: 0o600 });
    },
    publish(files) {
      for (const [path, content] of Object.entries(files)) {
        const file = join(source, path);
        if (content === null) rmSync(file, { recursive: true });
        else {
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, content);
        }
      }
    },
    start(args, env = {}) {
      const child = spawn(process.execPath, [LAUNCHER, ...args], {
        cwd: dir,
        env: { ...process.env, NO_COLOR: "1", LANG: "C.UTF-8", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      return { child, ended: collect(child) };
    },
    run: (args, env) => workspace.start(args, env).ended,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
  return workspace;
}

function collect(child: ChildProcess): Promise<CliResult> {
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** Every file below a directory with its content, as latin1 text; smartsync's own state folder is left out. */
export function treeOf(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((path) => !path.startsWith(".smartsync/") && statSync(join(dir, path)).isFile())
    .sort();
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(dir, path), "latin1")]));
}

/** Every directory below a directory, by its relative path. */
export function directoriesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(dir, path)).isDirectory())
    .sort();
}

/** The events a `--json` run printed. */
export function eventsOf(result: CliResult): { type: string; [key: string]: unknown }[] {
  return result.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { type: string });
}

/** Waits until a running `--json` command has told so many events of a type, or has ended. */
export async function untilTold({ child }: RunningCli, type: string, count: number): Promise<void> {
  let output = "";
  child.stdout?.on("data", (text: string) => {
    output += text;
  });
  while (output.split(`"type":"${type}"`).length <= count && child.exitCode === null) await delay(5);
}
