import type { z } from "zod";
import { childSchema, type JsonSchema } from "./json-schema.ts";
import { isSecretKey } from "./literal-secrets.ts";
import { nearest, suggest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { valueAt } from "./value-at.ts";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

const EXPECTED: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping (key: value)",
  record: "a mapping (name: settings)",
};

const UNITS: Record<string, string> = {
  string: " characters long",
  array: " entries long",
  record: " entries long",
};

/** A zod error map: says in words people understand what is wrong. A message given in the schema goes before it. */
export function explainIssue(issue: RawIssue): string | undefined {
  if (issue.input === undefined) return "is missing";
  const instead = isSecretKey(issue.path?.at(-1)) ? seenSecret(issue.input) : seen(issue.input);
  switch (issue.code) {
    case "invalid_type":
      return `must be ${EXPECTED[issue.expected] ?? issue.expected}${instead}`;
    case "invalid_value":
      return oneOf(issue.values, issue.input, instead);
    case "too_small":
      if (issue.minimum === 1 && issue.origin in UNITS) return "must not be empty";
      return `must be at least ${issue.minimum}${UNITS[issue.origin] ?? instead}`;
    case "too_big":
      return `must be at most ${issue.maximum}${UNITS[issue.origin] ?? instead}`;
    case "invalid_format":
      return issue.format === "starts_with" ? `must begin with "${issue.prefix}"` : undefined;
    case "invalid_union":
      if (issue.discriminator !== undefined) return wrongChoice(issue.discriminator, issue.options, issue.input);
      return [...new Set(issue.errors.flat().map(({ message }) => message))].join("; or ");
    default:
      return undefined;
  }
}

/**
 * Gives the problems behind one issue; `schema` is the JSON Schema of what was checked and `value` the data, which
 * say what keys are known there. A mapping with several unknown keys is one issue and several problems.
 */
export function toProblems(issue: Issue, schema: JsonSchema, value: unknown): Problem[] {
  const { path, message } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(schemaAt(schema, path, value)?.properties ?? {});
    return issue.keys.map((key) => ({ path: [...path, key], text: `unknown key; ${suggest(key, known)}` }));
  }
  if (issue.code === "invalid_key") return [{ path, text: issue.issues[0]?.message ?? message }];
  return [{ path, text: message }];
}

function wrongChoice(key: string, options: unknown, input: unknown): string {
  const allowed = Array.isArray(options) ? options : [];
  const given = valueAt(input, [key]);
  return given === undefined ? `is missing; one of: ${allowed.join(", ")}` : oneOf(allowed, given, seen(given));
}

function oneOf(values: readonly unknown[], input: unknown, instead: string): string {
  const allowed = values.map(String);
  const near = typeof input === "string" ? nearest(input, allowed) : undefined;
  const list = allowed.length === 1 ? allowed.join() : `one of: ${allowed.join(", ")}`;
  return `must be ${list}${instead}${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

function seenSecret(input: unknown): string {
  return typeof input === "number" ? "; put the number in quotes" : "";
}

function seen(input: unknown): string {
  if (input === null) return ", but nothing is given";
  if (Array.isArray(input)) return ", not a list";
  if (typeof input === "object") return ", not a mapping";
  return `, not ${JSON.stringify(input)}`;
}

/** The part of a JSON Schema that rules the value at the path; of alternatives, the one the value's `type` chooses. */
function schemaAt(schema: JsonSchema, path: readonly PropertyKey[], value: unknown): JsonSchema | undefined {
  const chosen = chooseAlternative(schema, value);
  const [step, ...rest] = path;
  if (step === undefined) return chosen;
  const next =
    typeof step === "number" ? chosen.items : (chosen.properties?.[String(step)] ?? chosen.additionalProperties);
  const below = childSchema(next);
  return below && schemaAt(below, rest, valueAt(value, [step]));
}

function chooseAlternative(schema: JsonSchema, value: unknown): JsonSchema {
  const type = valueAt(value, ["type"]);
  const match = schema.oneOf
    ?.map((each) => childSchema(each))
    .find((each) => childSchema(each?.properties?.type)?.const === type);
  return match ?? schema;
}
