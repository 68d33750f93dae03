import type { z } from "zod";
import { SmartsyncError } from "../lib/errors.ts";
import type { Redactor } from "../lib/redact.ts";
import { explainIssue } from "./explain-issue.ts";
import { fetchSecret, type SecretSources } from "./fetch-secret.ts";
import { isSecretKey } from "./literal-secrets.ts";
import { originOf } from "./origin.ts";
import { formatPath, type KeyPath } from "./problem.ts";
import type { TypedConfig } from "./schema.ts";
import { parseTemplate } from "./template.ts";

/** A kind of thing that can be configured, by its `type`: a target's or a CDN's. */
interface Kind {
  readonly type: string;
  readonly schema: z.ZodType;
}

/**
 * Makes of the settings of a target or a CDN what it is opened with: placeholders replaced by what they stand for,
 * checked by its kind's own schema, defaults filled in. Called just before it is used, so that a run needs only the
 * secrets of what it touches. Throws "secret-unavailable" or "config-invalid", naming every key concerned.
 */
export async function resolveSecrets(
  settings: TypedConfig,
  kinds: readonly Kind[],
  sources: SecretSources,
): Promise<unknown> {
  const place = originOf(settings) ?? formatPath;
  const failures: string[] = [];
  const filled = await mapTexts(settings, [], async (text, path) => {
    try {
      const whole = await fillIn(text, sources);
      if (path.some(isSecretKey)) sources.redactor.add(whole);
      return whole;
    } catch (error) {
      if (!(error instanceof SmartsyncError)) throw error;
      failures.push(`${place(path)}: ${error.message}`);
      return text;
    }
  });
  if (failures.length > 0) throw failed(failures, "secret-unavailable", sources.redactor);

  const kind = kinds.find((each) => each.type === settings.type);
  const checked = kind?.schema.safeParse(filled, { error: explainIssue });
  if (checked?.success) return checked.data;
  const issues = checked?.error.issues ?? [{ path: ["type"], message: `"${settings.type}" is no known type` }];
  const problems = issues.map(({ path, message }) => `${place(path)}: ${message}`);
  throw failed(problems, "config-invalid", sources.redactor);
}

async function fillIn(text: string, sources: SecretSources): Promise<string> {
  const { parts, problem } = parseTemplate(text);
  if (problem !== undefined) throw new SmartsyncError(problem, { kind: "config", code: "config-invalid" });
  let filled = "";
  for (const part of parts) filled += typeof part === "string" ? part : await fetchSecret(part, sources);
  return filled;
}

/** A copy of the value in which every text has been replaced, one after the other. */
async function mapTexts(
  value: unknown,
  path: KeyPath,
  replace: (text: string, path: KeyPath) => Promise<string>,
): Promise<unknown> {
  if (typeof value === "string") return replace(value, path);
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = [];
  const steps: Iterable<[PropertyKey, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [step, below] of steps) entries.push([String(step), await mapTexts(below, [...path, step], replace)]);
  return Array.isArray(value) ? entries.map(([, below]) => below) : Object.fromEntries(entries);
}

function failed(lines: readonly string[], code: string, redactor: Redactor): SmartsyncError {
  return new SmartsyncError(redactor.redact(lines.join("\n")), { kind: "config", code });
}
