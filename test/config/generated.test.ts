import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { exampleConfig } from "../../src/config/example.ts";
import { renderJsonSchema } from "../../src/config/json-schema.ts";
import { renderReference } from "../../src/config/reference.ts";
import { targetTypes } from "../../src/targets/index.ts";
import { loadText } from "./scratch.ts";

const generated: [file: string, text: string][] = [
  ["schema.json", renderJsonSchema()],
  ["docs/configuration.md", renderReference()],
];

test.each(generated)("%s is what the schema says; UPDATE_GENERATED=1 writes it anew", (name, text) => {
  const file = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  if (process.env.UPDATE_GENERATED === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("the example of the reference loads, and shows every kind of target", async () => {
  const { sites, targets, warnings } = await loadText(exampleConfig);
  expect(Object.keys(sites)).toEqual(["corporate", "採用サイト"]);
  expect(new Set(Object.values(targets).map(({ type }) => type))).toEqual(new Set(targetTypes.map(({ type }) => type)));
  expect(warnings).toEqual([]);
});
