import { runChecked } from "./run-command.ts";

/** The version that a command prints in its first line: "4.9.2". */
export async function versionOf(argv: readonly string[]): Promise<string> {
  const [line = ""] = (await runChecked(argv)).stdout.split("\n");
  return line.match(/\d+(\.\d+)+[^\s,]*/)?.[0] ?? line;
}
