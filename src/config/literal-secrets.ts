import type { KeyPath } from "./problem.ts";
import { parseTemplate } from "./template.ts";
import { eachScalar } from "./value-at.ts";

/** A secret that is written in the configuration itself. */
export interface LiteralSecret {
  readonly path: KeyPath;
  readonly value: string;
}

/** True for a key whose value must never be shown: password, secretAccessKey, apiToken, sas and the like; not for a file's name. */
export function isSecretKey(key: PropertyKey | undefined): boolean {
  return typeof key === "string" && SECRET.test(key);
}

const SECRET = /pass(word|phrase)|secret|token(?!File$)|(account|api|access)key$|^connectionString$|^sas$/i;

/** Every secret that is written out in the data, as it will be used; those with a placeholder in them are not. */
export function findLiteralSecrets(config: unknown): LiteralSecret[] {
  const found: LiteralSecret[] = [];
  for (const [path, text] of eachScalar(config)) {
    if (!path.filter(isNoName).some(isSecretKey)) continue;
    const { parts, problem } = parseTemplate(text);
    if (problem !== undefined) found.push({ path, value: text });
    else if (parts.every((part) => typeof part === "string")) found.push({ path, value: parts.join("") });
  }
  return found;
}

/** Targets, CDNs and sites have names that people choose: one called "token1" makes no secret of what lies below it. */
function isNoName(_: PropertyKey, at: number, path: KeyPath): boolean {
  return !(at === 1 && path.length > 2 && ["targets", "cdns", "sites"].includes(String(path[0])));
}
