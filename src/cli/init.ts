import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Option } from "commander";
import { resolveSecrets } from "../config/resolve-secrets.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import { reasonOfCall } from "../lib/reason-of-call.ts";
import { countOf } from "../report/quantities.ts";
import { targetTypes } from "../targets/index.ts";
import { PRESETS } from "../targets/s3/presets.ts";
import type { Target, TargetType } from "../targets/target.ts";
import { confirm } from "./ask.ts";
import { type Configure, examples } from "./command.ts";
import { type FirstConfig, renderConfig } from "./config-text.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { type Answers, FIRST_TYPES, gatherAnswers, type InitOptions } from "./init-answers.ts";
import { warnOfError } from "./print-error.ts";
import { type Asker, questions } from "./questions.ts";

/** `smartsync init`: a first configuration. */
export const configureInit: Configure = (command, run) => {
  command
    .option("--source <directory>", "the directory the CMS publishes into")
    .option("--url <url>", "what visitors type")
    .option("--cms-url <url>", "absolute URLs that begin with this become root-relative")
    .addOption(new Option("--type <type>", "how the site is reached").choices([...FIRST_TYPES]))
    .option("--host <host>", "the server, with :port unless that is the usual one")
    .option("--user <user>", "who logs in; for s3 the access key's id")
    .option(
      "--key <file>",
      "the private key to log in with over SSH, a key of ~/.ssh or the SSH agent's when left out; for gcs a service account's key",
    )
    .option("--passphrase-env <name>", "the environment variable that holds the key's passphrase")
    .option(
      "--password-env <name>",
      "the environment variable that holds the password, the secret access key or the account's key",
    )
    .option("--path <path>", "the document root as the server names it, a folder of the bucket, or a directory here")
    .option("--bucket <name>", "the bucket, or Azure's container")
    .option("--account <name>", "Azure's storage account")
    .addOption(new Option("--preset <store>", "whose store it is, for s3").choices([...PRESETS]))
    .option("--region <region>", "the bucket's region, for s3")
    .option("--endpoint <url>", "where the store is reached, unless that is the usual place")
    .option("--state-bucket <name>", "another bucket or container for smartsync's records")
    .option("--releases", "keep versions side by side over SSH, switched in one step")
    .option("--fingerprint <sha256>", "trust the one certificate or host key with this fingerprint")
    .option("-y, --yes", "ask nothing: what is not given takes its preset")
    .addHelpText(
      "after",
      examples([
        ["smartsync init", "asks, tests the connection, writes smartsync.yaml"],
        ["smartsync init --source public --type local --path out --yes", "a first try, on this machine"],
        ["smartsync init --source public --host ftp.example.jp --user me --yes", "in a script"],
        ["smartsync init --source public --type rsync --host web1 --path /var/www/html --yes", "over SSH"],
        ["smartsync init --source public --type s3 --bucket www-example --yes", "a bucket of Amazon S3"],
      ]),
    )
    .action((options: InitOptions) => run((console) => init(options, console)));
};

async function init(options: InitOptions, console: Console): Promise<ExitCode> {
  const file = resolve(console.options.config);
  await mayReplace(file, console);
  const answers = await gatherAnswers(options, console);
  checkAnswers(answers.config.target.settings);
  const { config, failure } = await tryConnection(answers, questions(console, options), console);
  await save(file, renderConfig(config));
  console.printJson({ type: "written", file });
  const { print, style } = console;
  print("", `${style.good("✓")} ${file} is written. What comes next:`);
  if (failure !== undefined) {
    print("  smartsync doctor   once the problem above is solved: tries everything a delivery needs");
    return EXIT.failed;
  }
  for (const secret of ["password", "passphrase", "secretAccessKey", "accountKey"]) {
    const name = /^\$\{env:(\w+)\}$/.exec(String(config.target.settings[secret]))?.[1];
    if (name !== undefined && console.shell.env[name] === undefined) print(`  export ${name}=…   the ${secret}`);
  }
  print("  smartsync doctor   tries everything a delivery needs");
  print("  smartsync plan     shows what would be delivered, and touches nothing");
  print("  smartsync push     delivers");
  return EXIT.done;
}

async function mayReplace(file: string, console: Console): Promise<void> {
  if (!existsSync(file)) return;
  if (console.interactive && (await confirm(console, `${file} exists. Replace it?`, false))) return;
  throw new SmartsyncError(`${file} exists; it is left as it is`, {
    kind: "config",
    code: "config-exists",
    hint: "move it away, or name another file with --config",
  });
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new SmartsyncError(`can't write ${file}: ${reasonOfCall(cause)}`, {
      kind: "config",
      code: "config-unwritable",
      cause,
    });
  }
}

/** Opens the target and says what is there. A certificate nobody vouches for may be pinned, and it is tried again. */
async function tryConnection(
  answers: Answers,
  asker: Asker,
  console: Console,
): Promise<{ config: FirstConfig; failure?: unknown }> {
  const { config, env } = answers;
  try {
    await using target = await open(answers, asker, console);
    const { print, style } = console;
    const there = await whatIsThere(target, console);
    print("", `${style.good("✓")} The connection works: ${target.caps.features.join(", ") || "nothing special"}`);
    print(`  ${there}`);
    return { config };
  } catch (error) {
    const failure = toSmartsyncError(error);
    if (failure.kind === "aborted") throw error;
    console.print("");
    warnOfError(failure, console);
    const fingerprint = /^certificate-/.test(failure.code) ? FINGERPRINT.exec(failure.message)?.[0] : undefined;
    if (fingerprint === undefined || !console.interactive) return { config, failure };
    if (!(await confirm(console, "Is that the server's certificate? Trust exactly this one?", false)))
      return { config, failure };
    const settings = { ...config.target.settings, fingerprint };
    return tryConnection({ config: { ...config, target: { ...config.target, settings } }, env }, asker, console);
  }
}

/** SHA-256, as certificates' fingerprints are written. */
const FINGERPRINT = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/i;

async function open({ config, env }: Answers, asker: Asker, console: Console): Promise<Target> {
  const { name, settings } = config.target;
  const dir = dirname(resolve(console.options.config));
  const type = typeOf(settings);
  const resolved = await resolveSecrets(settings, targetTypes, { dir, redactor: console.redactor, env });
  return type.open(resolved, { name, baseDir: dir, ...asker }, console.ctx());
}

function typeOf(settings: { readonly type: string }): TargetType {
  const type = targetTypes.find((each) => each.type === settings.type);
  if (type === undefined) throw new Error(`no target type ${settings.type}`);
  return type;
}

/** Throws what is wrong with the answers, as the configuration's reader would once they are written. */
function checkAnswers(settings: FirstConfig["target"]["settings"]): void {
  const { success, error } = typeOf(settings).schema.safeParse(settings);
  if (success) return;
  const wrong = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new SmartsyncError(`the answers make no target: ${wrong.join("; ")}`, {
    kind: "config",
    code: "config-invalid",
    hint: "nothing was written; run it again with other answers",
  });
}

const ENOUGH = 1000;

async function whatIsThere(target: Target, console: Console): Promise<string> {
  let files = 0;
  for await (const _ of target.list("", console.ctx())) if (++files === ENOUGH) break;
  if (files === 0) return `The ${target.caps.servesVisitors ? "bucket" : "document root"} is empty.`;
  const count = files === ENOUGH ? `${ENOUGH} files or more are` : countOf(files, "file is", "files are");
  return `${count} there already. Those that the source has are replaced, the others left alone.`;
}
