import { styleText } from "node:util";

/** Colours by what they say; each is the text itself when colours are off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  /** Something that went well, or that is added. */
  good(text: string): string;
  /** Something to look at, or that is changed. */
  caution(text: string): string;
  /** Something that failed, or that is taken away. */
  bad(text: string): string;
}

const always = { validateStream: false };

const coloured: Style = {
  bold: (text) => styleText("bold", text, always),
  dim: (text) => styleText("dim", text, always),
  good: (text) => styleText("green", text, always),
  caution: (text) => styleText("yellow", text, always),
  bad: (text) => styleText("red", text, always),
};

const same = (text: string): string => text;

/** The style of text without any colour. */
export const plainStyle: Style = { bold: same, dim: same, good: same, caution: same, bad: same };

/** The style to use, with or without colours. */
export function createStyle(colours: boolean): Style {
  return colours ? coloured : plainStyle;
}

/**
 * Whether to colour: never with `--no-color` or NO_COLOR (no-color.org: set and not empty), always with FORCE_COLOR,
 * else on a terminal that is not "dumb".
 */
export function wantsColours(
  terminal: boolean,
  flag: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (!flag || env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== "0") return true;
  return terminal && env.TERM !== "dumb";
}
