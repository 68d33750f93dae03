/** What a first configuration says. Paths are relative to its file. */
export interface FirstConfig {
  readonly site: string;
  readonly source: string;
  readonly url?: string;
  readonly cmsUrl?: string;
  readonly target: FirstTarget;
}

/** The target's name and its settings, `type` first; secrets as placeholders. */
export interface FirstTarget {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number | boolean>> & { readonly type: string };
}

const COMMENT_COLUMN = 52;

const SETTINGS: Record<string, string> = {
  type: "how it is reached",
  path: "the document root there",
  preset: "whose store it is",
  bucket: "its name",
  prefix: "the folder of the bucket",
  secretAccessKey: "a secret is named here, never written",
  accountKey: "a secret is named here, never written",
  keyFile: "the service account's key",
  stateBucket: "keeps smartsync's records, where visitors can't read them",
  stateContainer: "keeps smartsync's records, where visitors can't read them",
  password: "a secret is named here, never written",
  key: "the private key to log in with",
  passphrase: "what the key is locked with, named here, never written",
  fingerprint: "the one certificate or host key to trust",
  releases: "versions side by side, switched in one step",
};

/** The text of a first smartsync.yaml, with comments for whoever opens it next. */
export function renderConfig({ site, source, url, cmsUrl, target }: FirstConfig): string {
  return [
    "# What is published where. `smartsync schema` tells every key; try changes with `smartsync doctor` and `smartsync plan`.",
    "sites:",
    `  ${site}:`,
    line(4, "source", source, "the directory the CMS publishes into, relative to this file"),
    optional(4, "url", url, "https://www.example.jp/", "what visitors type"),
    optional(4, "cmsUrl", cmsUrl, "https://cms.example.jp/", "absolute URLs that begin with this become root-relative"),
    comment('    # exclude: ["**/*.bak", "/preview/**"]', "left alone: not read, not sent, not deleted there"),
    comment("    guard: { maxDelete: 25%, maxDeleteCount: 500 }", "a plan that deletes more is refused"),
    `    targets: [${quote(target.name)}]`,
    "targets:",
    `  ${target.name}:`,
    ...Object.entries(target.settings).map(([key, value]) => line(4, key, value, SETTINGS[key])),
    "",
  ].join("\n");
}

function line(indent: number, key: string, value: string | number | boolean, what: string | undefined): string {
  return comment(`${" ".repeat(indent)}${key}: ${quote(value)}`, what);
}

function optional(indent: number, key: string, value: string | undefined, example: string, what: string): string {
  return value === undefined
    ? comment(`${" ".repeat(indent)}# ${key}: ${example}`, what)
    : line(indent, key, value, what);
}

function comment(text: string, what: string | undefined): string {
  return what === undefined ? text : `${text.padEnd(COMMENT_COLUMN)} # ${what}`;
}

/** The value as a YAML scalar: as it is where that is safe, else as JSON, which YAML reads too. */
function quote(text: string | number | boolean): string {
  if (typeof text !== "string") return String(text);
  return /^[A-Za-z./][\w./:-]*$/.test(text) && !text.endsWith(":") && !WORDS.test(text) ? text : JSON.stringify(text);
}

/** Words that YAML would take for something else than a text. */
const WORDS = /^(true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i;
