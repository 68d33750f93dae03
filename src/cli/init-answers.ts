import { statSync } from "node:fs";
import { resolve } from "node:path";
import { SmartsyncError } from "../lib/errors.ts";
import type { PresetName } from "../targets/s3/presets.ts";
import { askText } from "./ask.ts";
import type { FirstConfig } from "./config-text.ts";
import type { Console } from "./console.ts";
import { fromFolderOf, gatherTarget } from "./init-target.ts";

/** The kinds of target that a first configuration may have, the most frequent first. */
export const FIRST_TYPES = ["ftps", "rsync", "sftp", "s3", "azure-blob", "gcs", "local"] as const;

/** One of them. */
export type FirstType = (typeof FIRST_TYPES)[number];

/** The answers that were given as options. */
export interface InitOptions {
  readonly source?: string;
  readonly url?: string;
  readonly cmsUrl?: string;
  readonly type?: FirstType;
  readonly host?: string;
  readonly user?: string;
  readonly key?: string;
  readonly passphraseEnv?: string;
  readonly passwordEnv?: string;
  readonly path?: string;
  readonly releases?: boolean;
  readonly fingerprint?: string;
  readonly bucket?: string;
  readonly account?: string;
  readonly preset?: PresetName;
  readonly region?: string;
  readonly endpoint?: string;
  readonly stateBucket?: string;
  readonly yes?: boolean;
}

/** A first configuration, and the secrets to try it with where they were asked for. */
export interface Answers {
  readonly config: FirstConfig;
  /** What `${env:…}` names, by name: the environment, and what was typed. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Asks whatever the options leave open. Without a terminal, or with --yes, an open question takes its preset. */
export async function gatherAnswers(options: InitOptions, console: Console): Promise<Answers> {
  const ask = createInterview(options, console);
  const file = resolve(console.options.config);
  const source = await ask("--source", options.source, "Which directory does the CMS publish into?", {
    preset: "./public",
    check: checkDirectory,
  });
  const url = await ask("--url", options.url, "What do visitors type? (https://…, or nothing)", {
    preset: "",
    check: checkUrl,
  });
  const cmsUrl = await ask(
    "--cms-url",
    options.cmsUrl,
    "Do pages hold absolute URLs of the CMS's own address? (https://…, or nothing)",
    {
      preset: "",
      check: checkUrl,
    },
  );
  const { target, env } = await gatherTarget(options, ask, console);
  return {
    config: {
      site: siteName(url),
      source: fromFolderOf(file, source),
      ...(url === "" ? {} : { url }),
      ...(cmsUrl === "" ? {} : { cmsUrl }),
      target,
    },
    env,
  };
}

/** Asks for a text, or takes what the option `flag` gave. */
export type Interview = (
  flag: string,
  given: string | undefined,
  question: string,
  options?: { preset?: string; check?: (text: string) => string | undefined },
) => Promise<string>;

function createInterview({ yes = false }: InitOptions, console: Console): Interview {
  return async (flag, given, question, { preset, check } = {}) => {
    if (given === undefined && console.interactive && !yes) {
      return askText(console, question, {
        ...(preset ? { preset } : {}),
        check: (text) => (text === "" && preset === undefined ? "It is needed." : check?.(text)),
      });
    }
    const answer = given ?? preset;
    const problem = answer === undefined ? "it is needed" : check?.(answer);
    if (answer !== undefined && problem === undefined) return answer;
    throw new SmartsyncError(`${flag}${answer ? ` ${answer}` : ""}: ${problem}`, {
      kind: "config",
      code: "answer-missing",
      hint: "without a terminal to ask at, the options answer: smartsync init --help",
    });
  };
}

function checkDirectory(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? undefined : "There is no such directory.";
}

function checkUrl(url: string): string | undefined {
  return url === "" || (URL.canParse(url) && /^https?:/.test(url))
    ? undefined
    : "An address begins with https:// or http://.";
}

/** "example" for "https://www.example.jp/": a name to type; "site" when there is no address to take it from. */
function siteName(url: string): string {
  const labels = url === "" ? [] : new URL(url).hostname.split(".").filter((label) => label !== "www");
  return labels.find((label) => /^[a-z][a-z0-9-]*$/.test(label)) ?? "site";
}
