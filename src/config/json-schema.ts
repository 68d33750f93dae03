import { z } from "zod";
import { configSchema } from "./schema.ts";

/** A node of a JSON Schema. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The configuration's schema as JSON Schema, in the version that editors know best: what a person may write. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: "input", target: "draft-7", unrepresentable: "any" });
}

/** The text of schema.json, which editors check smartsync.yaml with. */
export function renderJsonSchema(): string {
  const { $schema, properties, ...rest } = configJsonSchema();
  const tolerant = (key: "targets" | "cdns") => {
    const map = childSchema(properties?.[key]);
    return { ...map, additionalProperties: acceptPlaceholders(map?.additionalProperties) };
  };
  const held = { ...properties, targets: tolerant("targets"), cdns: tolerant("cdns") };
  const schema = { $schema, title: "smartsync.yaml", ...rest, properties: held };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The node, where there is one: in its place may be `true`, `false` or nothing. */
export function childSchema(schema: JsonSchema["items"]): JsonSchema | undefined {
  return typeof schema === "object" && !Array.isArray(schema) ? schema : undefined;
}

const PLACEHOLDER = { type: "string", pattern: "\\$\\{(env|file|command):" };

/** Lets every text that has a rule of its own also hold a placeholder: what that stands for, no editor knows. */
function acceptPlaceholders(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(acceptPlaceholders);
  const node = Object.fromEntries(Object.entries(value).map(([key, below]) => [key, acceptPlaceholders(below)]));
  const ruled = node.type === "string" && (node.pattern ?? node.enum ?? node.format) !== undefined;
  return ruled ? { anyOf: [node, PLACEHOLDER] } : node;
}
