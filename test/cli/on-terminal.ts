import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const LAUNCHER = fileURLToPath(new URL("../../bin/smartsync.js", import.meta.url));

/** What is typed once a text has appeared on the screen. */
export interface Typed {
  readonly once: string;
  readonly keys: string;
}

/** How a run on a terminal ended: all it wrote, with the escape sequences and without. */
export interface TerminalResult {
  readonly code: number | null;
  readonly output: string;
  readonly screen: string;
}

/** Runs smartsync in `dir` on a terminal of its own (script(1) makes one), and types the answers one after the other. */
export async function onTerminal(
  dir: string,
  args: readonly string[],
  answers: readonly Typed[] = [],
  env: Record<string, string> = {},
): Promise<TerminalResult> {
  const command = `stty cols 80 rows 24; exec ${[process.execPath, LAUNCHER, ...args].join(" ")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: dir,
    env: { ...process.env, TERM: "xterm", LANG: "C.UTF-8", NO_COLOR: "1", ...env },
  });
  const left = [...answers];
  let output = "";
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const [next] = left;
    const at = next === undefined ? -1 : output.indexOf(next.once, seen);
    if (next === undefined || at === -1) return;
    left.shift();
    seen = at + next.once.length;
    child.stdin.write(next.keys);
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output, screen: stripVTControlCharacters(output) };
}
