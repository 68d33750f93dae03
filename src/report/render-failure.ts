import type { Style } from "./style.ts";
import { printable } from "./text-width.ts";

/**
 * "error: …" and "hint: …" for a failure, with the code that docs/troubleshooting.md lists. Several lines of one
 * message are kept, indented.
 */
export function renderFailure(
  { message, code, hint }: { message: string; code: string; hint?: string | undefined },
  style: Style,
): string[] {
  const [first = "", ...others] = indented(style.bad("error:"), message);
  return [
    `${first} ${style.dim(`[${code}]`)}`,
    ...others,
    ...(hint === undefined ? [] : indented(style.caution("hint:"), hint)),
  ];
}

function indented(label: string, text: string): string[] {
  return text.split("\n").map((line, at) => (at === 0 ? `${label} ${printable(line)}` : `  ${printable(line)}`));
}
