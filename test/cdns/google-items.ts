import type { PurgeItem } from "../../src/core/purge-rules.ts";

/** So many items of a kind, on one host, with names of every kind a site has. */
export function googleItems(kind: PurgeItem["kind"], count: number): PurgeItem[] {
  const origin = "https://www.example.jp";
  return Array.from({ length: count }, (_, at): PurgeItem => {
    if (kind === "tag") return { kind, tag: `news-${at}` };
    if (kind === "everything") return { kind, origin };
    const name = at % 2 === 0 ? `news/${at}` : `%E3%81%8A%E7%9F%A5%E3%82%89%E3%81%9B/${at}`;
    return { kind, origin, path: kind === "directory" ? `/${name}/` : `/${name}.html` };
  });
}
