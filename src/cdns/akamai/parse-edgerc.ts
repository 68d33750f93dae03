/** The sections of an .edgerc file, each with its keys: https://techdocs.akamai.com/developer/docs/edgegrid */
export type Edgerc = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads what an .edgerc file holds: `[section]`, `key = value`, comments that begin with `#` or `;`. A value may be in
 * quotes; lines that are nothing of it are passed over. The first of two sections of one name counts, as for Akamai's
 * own tools.
 */
export function parseEdgerc(text: string): Edgerc {
  const sections = new Map<string, Map<string, string>>();
  let keys: Map<string, string> | undefined;
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const name = /^\s*\[(.*)\]/.exec(line)?.[1]?.trim();
    if (name !== undefined) {
      keys = new Map();
      if (!sections.has(name)) sections.set(name, keys);
      continue;
    }
    const [, key, value = ""] = /^\s*([^\s=#;]+)\s*=(.*)$/.exec(line) ?? [];
    if (key !== undefined) keys?.set(key, plain(value.trim()));
  }
  return sections;
}

/** A value without its quotes, or without a comment behind it. Secrets hold neither blanks nor semicolons. */
function plain(value: string): string {
  const quoted = /^(["'])(.*?)\1/.exec(value)?.[2];
  return quoted ?? value.replace(/\s*;.*$|\s+#.*$/, "");
}
