/** Replaces every secret it was told of, wherever it appears in a text. */
export interface Redactor {
  /** Remembers a secret. Values shorter than 4 characters are ignored: hiding them would garble every text. */
  add(secret: string): void;
  /** The text with every known secret, also in its URL-encoded form, replaced by `***`. */
  redact(text: string): string;
}

const SHORTEST = 4;

/** Makes a redactor that knows no secrets yet. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  let longestFirst: string[] = [];
  return {
    add(secret) {
      if (secret.length < SHORTEST) return;
      secrets.add(secret).add(encodeURIComponent(secret)).add(JSON.stringify(secret).slice(1, -1));
      longestFirst = [...secrets].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let clean = text;
      for (const secret of longestFirst) clean = clean.replaceAll(secret, "***");
      return clean;
    },
  };
}
