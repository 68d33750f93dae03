import { statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { askPassword, choose, confirm } from "./ask.ts";
import type { FirstTarget } from "./config-text.ts";
import type { Console } from "./console.ts";
import type { FirstType, InitOptions, Interview } from "./init-answers.ts";
import { type BucketType, gatherBucket } from "./init-bucket.ts";

/** A first target, and the environment to try it in: what was typed for its secrets is stored nowhere else. */
interface Gathered {
  readonly target: FirstTarget;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Asks whatever the options leave open about the target. */
export async function gatherTarget(options: InitOptions, ask: Interview, console: Console): Promise<Gathered> {
  const type = options.type ?? (await chooseType(options, console));
  if (type === "local") return gatherLocal(options, ask, console);
  if (type === "s3" || type === "azure-blob" || type === "gcs") return gatherStore(type, options, ask, console);
  return type === "ftps" ? gatherFtps(options, ask, console) : gatherSsh(type, options, ask, console);
}

async function chooseType(options: InitOptions, console: Console): Promise<FirstType> {
  if (!mayAsk(options, console)) return "ftps";
  return choose<FirstType>(console, "Where does the site live?", [
    { value: "ftps", name: "on a hosting account that speaks FTP with TLS" },
    { value: "rsync", name: "on a server with SSH and rsync" },
    { value: "sftp", name: "on a server or account that speaks SFTP" },
    { value: "s3", name: "in a bucket: Amazon S3 or a store that speaks its language" },
    { value: "azure-blob", name: "in Azure Blob Storage" },
    { value: "gcs", name: "in Google Cloud Storage" },
    { value: "local", name: "in a directory of this machine" },
  ]);
}

async function gatherLocal(options: InitOptions, ask: Interview, console: Console): Promise<Gathered> {
  const path = await ask("--path", options.path, "Into which directory?", { preset: "./published" });
  const settings = { type: "local", path: fromFolderOf(resolve(console.options.config), path) };
  return { target: { name: "copy", settings }, env: console.shell.env };
}

async function gatherFtps(options: InitOptions, ask: Interview, console: Console): Promise<Gathered> {
  const server = await ask("--host", options.host, "Which FTP server? (its host name; with :port unless that is 21)");
  const user = await ask("--user", options.user, "Who logs in there?");
  const path = await askRoot(options, ask, "/public_html");
  const password = await gatherPassword(options, ask, console);
  const settings = { type: "ftps", ...splitPort(server), user, ...password.settings, path, ...pinned(options) };
  return { target: { name: "web", settings }, env: password.env };
}

async function gatherStore(
  type: BucketType,
  options: InitOptions,
  ask: Interview,
  console: Console,
): Promise<Gathered> {
  const { settings, secret } = await gatherBucket(type, { options, ask, console, mayAsk: mayAsk(options, console) });
  if (secret === undefined) return { target: { name: "bucket", settings }, env: console.shell.env };
  const question = `Which environment variable holds the ${secret.what}?`;
  const name = await ask("--password-env", options.passwordEnv, question, {
    preset: secret.variable,
    check: checkVariable,
  });
  return {
    target: { name: "bucket", settings: { ...settings, [secret.setting]: `\${env:${name}}` } },
    env: await withSecret(name, secret.what, options, console),
  };
}

async function gatherSsh(
  type: "rsync" | "sftp",
  options: InitOptions,
  ask: Interview,
  console: Console,
): Promise<Gathered> {
  const server = await ask(
    "--host",
    options.host,
    "Which SSH server? (its host name, or a Host of ~/.ssh/config; with :port unless that is 22)",
  );
  const user = await ask("--user", options.user, "Who logs in there? (or nothing: as ~/.ssh/config says, else you)", {
    preset: "",
  });
  const login = await gatherLogin(options, ask, console);
  const path = await askRoot(options, ask, "/var/www/html");
  const releases = await wantsReleases(options, console);
  const settings = {
    type,
    ...splitPort(server),
    ...(user === "" ? {} : { user }),
    ...login.settings,
    path,
    ...(releases ? { releases } : {}),
    ...pinned(options),
  };
  return { target: { name: "web", settings }, env: login.env };
}

/** What a target needs to log in, and the environment that has it. */
interface Login {
  readonly settings: Readonly<Record<string, string>>;
  readonly env: Gathered["env"];
}

type LoginKind = "usual" | "key" | "password";

async function gatherLogin(options: InitOptions, ask: Interview, console: Console): Promise<Login> {
  const kind = await chooseLogin(options, console);
  if (kind === "usual") return { settings: {}, env: console.shell.env };
  if (kind === "password") return gatherPassword(options, ask, console);
  const given = await ask("--key", options.key, "Which private key file?", { check: checkKeyFile });
  const key = given.startsWith("~") ? given : fromFolderOf(resolve(console.options.config), given);
  const question = "Which environment variable holds its passphrase? (or nothing: it has none)";
  const name = await ask("--passphrase-env", options.passphraseEnv, question, {
    preset: "",
    check: (text) => (text === "" ? undefined : checkVariable(text)),
  });
  if (name === "") return { settings: { key }, env: console.shell.env };
  return {
    settings: { key, passphrase: `\${env:${name}}` },
    env: await withSecret(name, "passphrase", options, console),
  };
}

async function chooseLogin(options: InitOptions, console: Console): Promise<LoginKind> {
  if (options.key !== undefined) return "key";
  if (options.passwordEnv !== undefined) return "password";
  if (!mayAsk(options, console)) return "usual";
  return choose<LoginKind>(console, "How does smartsync log in there?", [
    { value: "usual", name: "as ssh does: with a key of ~/.ssh, or of the SSH agent" },
    { value: "key", name: "with the key in another file" },
    { value: "password", name: "with a password" },
  ]);
}

async function gatherPassword(options: InitOptions, ask: Interview, console: Console): Promise<Login> {
  const question = "Which environment variable holds the password?";
  const name = await ask("--password-env", options.passwordEnv, question, {
    preset: "WEB_PASSWORD",
    check: checkVariable,
  });
  return { settings: { password: `\${env:${name}}` }, env: await withSecret(name, "password", options, console) };
}

async function wantsReleases(options: InitOptions, console: Console): Promise<boolean> {
  if (options.releases !== undefined || !mayAsk(options, console)) return options.releases ?? false;
  return confirm(console, "Keep versions side by side and switch in one step? (needs a shell there)", false);
}

function askRoot(options: InitOptions, ask: Interview, preset: string): Promise<string> {
  return ask("--path", options.path, "What does the server call the document root?", {
    preset,
    check: (text) => (text.startsWith("/") ? undefined : `It begins with a slash, such as ${preset}.`),
  });
}

function pinned({ fingerprint }: InitOptions): { fingerprint?: string } {
  return fingerprint ? { fingerprint } : {};
}

function splitPort(server: string): { host: string; port?: number } {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(server) ?? [];
  return host === undefined ? { host: server } : { host, port: Number(port) };
}

/** The environment, with the secret typed in where it has none: only to try the connection, it is stored nowhere. */
async function withSecret(name: string, what: string, options: InitOptions, console: Console) {
  const { env } = console.shell;
  if (env[name] !== undefined || !mayAsk(options, console)) return env;
  const secret = await askPassword(console, `${name} is not set; the ${what}, only to try it now (or nothing):`);
  console.redactor.add(secret);
  return secret === "" ? env : { ...env, [name]: secret };
}

function mayAsk({ yes = false }: InitOptions, { interactive }: Console): boolean {
  return interactive && !yes;
}

function checkVariable(text: string): string | undefined {
  return /^[A-Za-z_]\w*$/.test(text) ? undefined : "Letters, digits and _, such as WEB_PASSWORD.";
}

/** Whether there is a file; one below ~/ is looked for when it is read. */
function checkKeyFile(path: string): string | undefined {
  return path.startsWith("~/") || statSync(path, { throwIfNoEntry: false })?.isFile()
    ? undefined
    : "There is no such file.";
}

/** A relative path as it is seen from the configuration file, a full one as it is. */
export function fromFolderOf(file: string, path: string): string {
  if (resolve(path) === path) return path;
  const way = relative(dirname(file), resolve(path));
  return way.startsWith("..") ? way : `./${way}`;
}
