import { statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { SmartsyncError } from "../lib/errors.ts";
import { askPassword, askText, choose } from "./ask.ts";
import type { FirstConfig, FirstTarget } from "./config-text.ts";
import type { Console } from "./console.ts";

/** The answers that were given as options. */
export interface InitOptions {
  readonly source?: string;
  readonly url?: string;
  readonly cmsUrl?: string;
  readonly type?: "ftps" | "local";
  readonly host?: string;
  readonly user?: string;
  readonly passwordEnv?: string;
  readonly path?: string;
  readonly fingerprint?: string;
  readonly yes?: boolean;
}

/** A first configuration, and the password to try it with where it was asked for. */
export interface Answers {
  readonly config: FirstConfig;
  /** What `${env:…}` names, by name: the environment, and the password that was typed. */
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

type Interview = (
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

async function gatherTarget(options: InitOptions, ask: Interview, console: Console) {
  const type = options.type ?? (await chooseType(options, console));
  if (type === "local") {
    const path = await ask("--path", options.path, "Into which directory?", { preset: "./published" });
    const target: FirstTarget = {
      name: "copy",
      settings: { type, path: fromFolderOf(resolve(console.options.config), path) },
    };
    return { target, env: console.shell.env };
  }
  const server = await ask("--host", options.host, "Which FTP server? (its host name; with :port unless that is 21)");
  const user = await ask("--user", options.user, "Who logs in there?");
  const path = await ask("--path", options.path, "What does the server call the document root?", {
    preset: "/public_html",
    check: (text) => (text.startsWith("/") ? undefined : "It begins with a slash, such as /public_html."),
  });
  const name = await ask("--password-env", options.passwordEnv, "Which environment variable holds the password?", {
    preset: "WEB_PASSWORD",
    check: (text) => (/^[A-Za-z_]\w*$/.test(text) ? undefined : "Letters, digits and _, such as WEB_PASSWORD."),
  });
  const { fingerprint } = options;
  const settings = {
    type,
    ...splitPort(server),
    user,
    password: `\${env:${name}}`,
    path,
    ...(fingerprint ? { fingerprint } : {}),
  };
  return { target: { name: "web", settings }, env: await withPassword(name, options, console) };
}

function splitPort(server: string): { host: string; port?: number } {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(server) ?? [];
  return host === undefined ? { host: server } : { host, port: Number(port) };
}

async function chooseType({ yes = false }: InitOptions, console: Console): Promise<"ftps" | "local"> {
  if (yes || !console.interactive) return "ftps";
  return choose(console, "Where does the site live?", [
    { value: "ftps", name: "on a hosting account that speaks FTP with TLS" },
    { value: "local", name: "in a directory of this machine" },
  ]);
}

/** The environment, with the password typed in where it has none: only to try the connection, it is stored nowhere. */
async function withPassword(name: string, { yes = false }: InitOptions, console: Console) {
  const { env } = console.shell;
  if (env[name] !== undefined || yes || !console.interactive) return env;
  const password = await askPassword(console, `${name} is not set; the password, only to try it now (or nothing):`);
  console.redactor.add(password);
  return password === "" ? env : { ...env, [name]: password };
}

/** A relative path as it is seen from the configuration file, a full one as it is. */
function fromFolderOf(file: string, path: string): string {
  if (resolve(path) === path) return path;
  const way = relative(dirname(file), resolve(path));
  return way.startsWith("..") ? way : `./${way}`;
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
