import { SmartsyncError } from "../lib/errors.ts";
import type { Redactor } from "../lib/redact.ts";
import { targetTypes } from "../targets/index.ts";
import { explainIssue } from "./explain-issue.ts";
import { fetchSecret, type SecretSources } from "./fetch-secret.ts";
import { isSecretKey } from "./literal-secrets.ts";
import { originOf } from "./origin.ts";
import { formatPath, type KeyPath } from "./problem.ts";
import type { TargetConfig } from "./schema.ts";
import { parseTemplate } from "./template.ts";

/**
 * Makes of a target's settings what the target is opened with: placeholders replaced by what they stand for, checked
 * by the target's own schema, defaults filled in. Called just before a target is used, so that a run needs only the
 * secrets of the targets it touches. Throws "secret-unavailable" or "config-invalid", naming every key concerned.
 */
export async function resolveSecrets(target: TargetConfig, sources: SecretSources): Promise<unknown> {
  const place = originOf(target) ?? formatPath;
  const failures: string[] = [];
  const filled = await mapTexts(target, [], async (text, path) => {
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

  const type = targetTypes.find((each) => each.type === target.type);
  const checked = type?.schema.safeParse(filled, { error: explainIssue });
  if (checked?.success) return checked.data;
  const issues = checked?.error.issues ?? [{ path: ["type"], message: `"${target.type}" is no known type of target` }];
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
