import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { z } from "zod";
import type { Redactor } from "../lib/redact.ts";
import { crossCheck } from "./cross-check.ts";
import { explainIssue, toProblems } from "./explain-issue.ts";
import { type ConfigWarning, findWarnings } from "./find-warnings.ts";
import { configJsonSchema } from "./json-schema.ts";
import { findLiteralSecrets } from "./literal-secrets.ts";
import { rememberOrigin } from "./origin.ts";
import { parseYaml } from "./parse-yaml.ts";
import { configInvalid, formatPlace, type KeyPath, type Problem } from "./problem.ts";
import { readConfigFile } from "./read-config-file.ts";
import { configSchema, type SiteConfig, type TypedConfig } from "./schema.ts";
import { hasPlaceholder } from "./template.ts";
import { entriesOf, valueAt } from "./value-at.ts";

/** A configuration that was read and found right, as far as that can be told without its secrets. */
export interface LoadedConfig {
  /** The configuration file, absolute. */
  readonly file: string;
  /** The directory it lies in: relative paths in it start here. */
  readonly dir: string;
  readonly sites: Readonly<Record<string, SiteConfig>>;
  readonly targets: Readonly<Record<string, TypedConfig>>;
  readonly cdns: Readonly<Record<string, TypedConfig>>;
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Reads a configuration file and tells the redactor every password written in it. Throws "config-missing",
 * "config-unreadable", or "config-invalid" with every problem of the file, each with its line and column.
 */
export async function loadConfig(path: string, redactor: Redactor): Promise<LoadedConfig> {
  const file = resolve(path);
  const dir = dirname(file);
  const shown = showPath(file);
  const yaml = parseYaml(await readConfigFile(file));
  for (const { value } of findLiteralSecrets(yaml.value)) redactor.add(value);
  const found = yaml.value === undefined ? [] : [...checkSchema(yaml.value), ...(await crossCheck(yaml.value, dir))];
  const problems = [...yaml.problems, ...found.map((problem) => ({ ...problem, position: yaml.locate(problem.path) }))];
  if (problems.length > 0) throw configInvalid(shown, problems, redactor);

  const place = (key: KeyPath) => formatPlace(shown, yaml.locate(key), key);
  return {
    file,
    dir,
    sites: configSchema.shape.sites.parse(valueAt(yaml.value, ["sites"])),
    targets: takeTyped("targets", yaml.value, place),
    cdns: takeTyped("cdns", yaml.value, place),
    warnings: await findWarnings(yaml.value, file, dir, place),
  };
}

const HOLDS_PLACEHOLDERS: ReadonlySet<PropertyKey | undefined> = new Set(["targets", "cdns"]);

/** What the schema says of the data. */
function checkSchema(config: unknown): Problem[] {
  const checked = configSchema.safeParse(config, { error: explainIssue });
  if (checked.success) return [];
  const schema = configJsonSchema();
  return checked.error.issues
    .filter((issue) => !isForLater(issue, config))
    .flatMap((issue) => toProblems(issue, schema, config));
}

/** The text of a target or a CDN with a placeholder is judged when it is known what that stands for; its type must stand. */
function isForLater(issue: z.core.$ZodIssue, config: unknown): boolean {
  if (issue.code === "invalid_type") return false;
  if (issue.code === "invalid_union" && issue.discriminator !== undefined) return false;
  return HOLDS_PLACEHOLDERS.has(issue.path[0]) && hasPlaceholder(valueAt(config, issue.path));
}

function takeTyped(
  what: "targets" | "cdns",
  config: unknown,
  place: (key: KeyPath) => string,
): Record<string, TypedConfig> {
  const taken: Record<string, TypedConfig> = {};
  for (const [name, written] of entriesOf(valueAt(config, [what]))) {
    const type = valueAt(written, ["type"]);
    if (typeof type !== "string") continue;
    // A copy: one anchor may serve several of them, and each has an origin of its own.
    const settings: TypedConfig = { ...Object.fromEntries(entriesOf(written)), type };
    rememberOrigin(settings, (key) => place([what, name, ...key]));
    taken[String(name)] = settings;
  }
  return taken;
}

/** The path as the person is likely to have typed it: from the working directory where it lies below that. */
function showPath(file: string): string {
  const way = relative(process.cwd(), file);
  return way.startsWith("..") || isAbsolute(way) ? file : way;
}
