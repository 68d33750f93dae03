import type { ItemKind, PurgeItem } from "../../src/core/purge-rules.ts";

/** So many items of a kind, all different, with names of every sort that a site has: Japanese ones, spaces, stars. */
export function siteItems(
  kind: ItemKind,
  count: number,
  origin: string | undefined = "https://www.example.jp",
): PurgeItem[] {
  return Array.from({ length: count }, (_, at): PurgeItem => {
    if (kind === "tag") return { kind, tag: `news-${at}` };
    if (kind === "everything") return { kind };
    const name = NAMES[at % NAMES.length] ?? "";
    const path = kind === "directory" ? `/${name}/${at}/` : `/${name}/${at}.html`;
    return { kind, ...(origin !== undefined && { origin }), path };
  });
}

const NAMES = ["%E3%81%8A%E7%9F%A5%E3%82%89%E3%81%9B", "news", "a%20b", "x%2Ay", "~user", "100%25", "q%3Fa"];
