import { exampleConfig } from "./example.ts";
import { childSchema, configJsonSchema, type JsonSchema } from "./json-schema.ts";

/** The text of docs/configuration.md: the example, the rules that hold everywhere, and a table for every section. */
export function renderReference(): string {
  const { sites, targets, cdns } = configJsonSchema().properties ?? {};
  const site = childSchema(childSchema(sites)?.additionalProperties);
  const kindsOf = (map: typeof targets) => childSchema(childSchema(map)?.additionalProperties)?.oneOf ?? [];
  const blocks = [
    INTRODUCTION,
    `## Sites\n\nEach entry of \`sites\` is a directory the CMS publishes into, and where it goes.`,
    ...(site ? renderSection("sites.<name>", "", "###", site) : []),
    `## Targets\n\nEach entry of \`targets\` is a place a site is delivered to. Its \`type\` says of what kind it is.`,
    ...kindsOf(targets).flatMap((kind) => renderKind("targets.<name>", childSchema(kind) ?? {})),
    `## CDNs\n\nEach entry of \`cdns\` is a cache in front of a site. Its \`type\` says of what kind it is. [purge.md](purge.md) tells what is purged, and when.`,
    ...kindsOf(cdns).flatMap((kind) => renderKind("cdns.<name>", childSchema(kind) ?? {})),
  ];
  return `${blocks.join("\n\n")}\n`;
}

const INTRODUCTION = `<!-- Generated from src/config; change it there, then run: UPDATE_GENERATED=1 npx vitest run test/config/generated.test.ts -->

# Configuration

smartsync reads one file, \`smartsync.yaml\` in the working directory. \`--config <file>\` names another; so does the
environment variable \`SMARTSYNC_CONFIG\`. \`smartsync init\` writes a first one.

\`\`\`yaml
${exampleConfig}\`\`\`

## Rules that hold everywhere

- The file is YAML 1.2 in UTF-8. Anchors, aliases and \`<<\` merge keys work. \`yes\`, \`no\`, \`on\` and \`off\` are texts;
  write \`true\` and \`false\`.
- Unknown keys are refused. A mistake is reported with its line and column, all mistakes at once, before anything is touched.
- Relative paths start at the directory of the configuration file.
- Names of sites, targets and CDNs hold letters of any script, digits, \`-\` and \`_\`, and begin with a letter or a digit.
- A target belongs to one site: two sites in one place would overwrite each other. A target on this machine may not lie
  inside a source, nor a source inside it.
- \`smartsync schema\` prints the JSON Schema of this file. Editors with a YAML language server complete and check keys
  when the file begins with the comment of the example above.
- Patterns (\`include\`, \`exclude\`, \`protect\`, \`rewriteFiles\`, \`pages\`, \`match\`) are explained in [patterns.md](patterns.md).

## Secrets

Every text of a target or a CDN may hold placeholders, alone or in the middle of other text:

| Written | Stands for |
|---|---|
| \`\${env:NAME}\` | The environment variable. |
| \`\${file:path}\` | The content of a file, without the line break at its end. |
| \`\${command:line}\` | What a shell command prints, without white space around it. It runs in the configuration file's directory and has 30 seconds. |
| \`$\${\` | A plain \`\${\`. |

They are resolved when their target or CDN is about to be used, not before: delivering to one target needs no secret of
another. An empty secret is an error. What a placeholder stood for, and every password written in the file itself, is
shown as \`***\` in output, logs, history and reports. When the file holds a password and other users of the machine can
read it, smartsync warns and prints the command that closes it. Inside \`{ }\` and \`[ ]\`, YAML needs quotes around a placeholder.`;

function renderKind(path: string, schema: JsonSchema): string[] {
  const { type, ...properties } = schema.properties ?? {};
  return renderSection(path, ` with \`type: ${childSchema(type)?.const}\``, "###", {
    ...schema,
    properties,
  });
}

/** A table of the keys below `path`, then a section for each key that is a mapping itself. `more` ends every heading. */
function renderSection(path: string, more: string, level: string, schema: JsonSchema): string[] {
  const required = new Set(schema.required);
  const entries = Object.entries(schema.properties ?? {}).map(([key, node]) => [key, childSchema(node) ?? {}] as const);
  const rows = entries.map(
    ([key, node]) =>
      `| \`${key}\` | ${cell(mappingIn(node) ? `${node.type === "array" ? "list of mappings" : "mapping"}, see below` : describeValue(node))} | ${cell(describeDefault(node, required.has(key)))} | ${cell(node.description ?? "")} |`,
  );
  const table = ["| Key | Value | Default | Meaning |", "|---|---|---|---|", ...rows].join("\n");
  const nested = entries.flatMap(([key, node]) => {
    const mapping = mappingIn(node);
    return mapping
      ? renderSection(`${path}.${key}${node.type === "array" ? "[]" : ""}`, more, `${level}#`, mapping)
      : [];
  });
  return [`${level} \`${path}\`${more}\n\n${table}`, ...nested];
}

/** The mapping that a key is, or is a list of: it has keys of its own to describe. */
function mappingIn(node: JsonSchema): JsonSchema | undefined {
  const mapping = node.type === "array" ? childSchema(node.items) : node;
  return mapping?.properties && mapping;
}

function describeValue(node: JsonSchema): string {
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(" or ");
  if (node.anyOf !== undefined) return node.anyOf.map((each) => describeValue(childSchema(each) ?? {})).join(" or ");
  if (node.examples !== undefined) return `text such as ${node.examples.map(code).join(", ")}`;
  if (node.format === "uri") return "URL";
  switch (node.type) {
    case "boolean":
      return "`true` or `false`";
    case "integer":
    case "number":
      return `${node.type === "integer" ? "whole number" : "number"}${describeRange(node)}`;
    case "array":
      return `list: ${describeValue(childSchema(node.items) ?? {})}`;
    case "object":
      return node.properties ? `\`{ ${Object.keys(node.properties).join(", ")} }\`` : "mapping of names to texts";
    default:
      return "text";
  }
}

function describeRange({ minimum, maximum }: JsonSchema): string {
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? "" : `, at least ${minimum}`;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? "" : `, at most ${maximum}`;
  return least + most;
}

function describeDefault(node: JsonSchema, required: boolean): string {
  if (node.default === undefined || node.type === "object") return required ? "**required**" : "";
  return code(node.default);
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

/** Text as one cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
