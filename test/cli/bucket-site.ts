import { createHash } from "node:crypto";

/** What visitors get under a path: the SHA-256 of the bytes and the Cache-Control, told as one text. */
export type Visible = ReadonlyMap<string, string>;

/** A site after one of its rebuilds. */
export interface SiteVersion {
  readonly files: ReadonlyMap<string, Buffer>;
  /** `headers` of the configuration. */
  readonly headers: readonly object[];
  readonly visible: Visible;
}

const FILES = 300;
const LARGE = "動画/紹介.mp4";
const LARGE_BYTES = 11 << 20;
/** The rules for what is no page change every so many rebuilds. */
const RULES_LAST = 3;

/**
 * The site after its n-th rebuild: some files new, some changed, some gone, most as they were; a large one, that is sent
 * in parts, and a rule that says how long what is no page may be kept.
 */
export function rebuildSite(round: number): SiteVersion {
  const cacheControl = `public, max-age=${60 + Math.floor(round / RULES_LAST)}`;
  const files = new Map<string, Buffer>();
  for (let n = 0; n < FILES; n++) {
    const age = Math.floor((round + n) / 4);
    if (age % 5 === 4 && n > 0) continue;
    const path = n % 3 === 0 ? `assets/画像/${n} 100%+α.css` : `記事/${n % 7}/page ${n}.html`;
    files.set(path, Buffer.from(`${path} as of ${age}\n`.repeat(1 + (n % 50) * 10)));
  }
  files.set(LARGE, Buffer.alloc(LARGE_BYTES, `${LARGE} as of ${Math.floor(round / 2)}\n`));
  const served = (path: string) => (path.endsWith(".html") ? "no-cache" : cacheControl);
  return {
    files,
    headers: [{ match: ["/assets/", "/動画/"], cacheControl }],
    visible: new Map([...files].map(([path, content]) => [path, visibleAs(content, served(path))])),
  };
}

/** One file as it is told of in `Visible`. */
export function visibleAs(content: Uint8Array, cacheControl: string | undefined): string {
  return `${createHash("sha256").update(content).digest("hex")} served with ${cacheControl}`;
}
