import { appendFile, mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";

/** What a generated site looks like. Equal shapes give equal sites, byte for byte. */
export interface SiteShape {
  readonly files: number;
  /** How many entries the CMS has: each has a directory of its own, and the files are spread over them. */
  readonly entries: number;
  /** The smallest file. */
  readonly minBytes: number;
  /** The largest file; most are nearer to the smallest: the mean is about a quarter of the way. */
  readonly maxBytes: number;
}

/** Writes a CMS's site of so many files, 15 KB each on average. Gives the paths of its files. */
export function writeCmsSite(root: string, files: number): Promise<string[]> {
  return writeSite(root, { files, entries: 960, minBytes: 1000, maxBytes: 60_000 });
}

const SECTIONS = ["会社案内", "製品情報", "お知らせ", "採用情報", "サポート", "IR情報"];
const ENGLISH = ["news", "blog", "products", "support", "about", "recruit"];
const CATEGORIES = 16;
const EPOCH = Date.UTC(2026, 0, 5) / 1000;
const disk = pLimit(32);

/** Writes a site as a CMS publishes one: sections, categories, a directory per entry. Gives the paths of its files. */
export async function writeSite(root: string, shape: SiteShape): Promise<string[]> {
  const paths = sitePaths(shape);
  const random = mulberry32(shape.files);
  const text = randomText(random, 1 << 20);
  for (const folder of new Set(paths.map((path) => dirname(join(root, path)))))
    await mkdir(folder, { recursive: true });
  const contents = paths.map((path) => {
    const size = shape.minBytes + Math.floor((shape.maxBytes - shape.minBytes) * random() ** 3.2);
    const head = `<!doctype html>\n<title>${path}</title>\n`;
    const from = Math.floor(random() * (text.length - size));
    return Buffer.from(head + text.slice(from, from + size)).subarray(0, size);
  });
  await Promise.all(
    contents.map((content, index) =>
      disk(async () => {
        const path = join(root, paths[index] ?? "");
        await writeFile(path, content);
        await utimes(path, EPOCH + index, EPOCH + index);
      }),
    ),
  );
  return paths;
}

/** Edits one file in a hundred, as an editor would: a few words more. */
export async function editOnePercent(root: string, paths: readonly string[]): Promise<void> {
  const edited = paths.filter((_, index) => index % 100 === 50);
  await Promise.all(edited.map((path) => disk(() => appendFile(join(root, path), "\n<!-- 更新しました -->\n"))));
}

/** Gives every file the time of now, as a CMS does that rebuilds the whole site; not a byte of content changes. */
export async function touchAll(root: string, paths: readonly string[]): Promise<void> {
  const now = new Date();
  await Promise.all(paths.map((path) => disk(() => utimes(join(root, path), now, now))));
}

/** The first 40 are assets; every entry's directory then gets a page, and after that photos as long as there are any. */
function sitePaths({ files, entries }: SiteShape): string[] {
  const sections = [...SECTIONS, ...ENGLISH];
  const folders = Array.from({ length: entries }, (_, index) => {
    const section = sections[index % sections.length];
    const category = (Math.floor(index / sections.length) % CATEGORIES) + 1;
    return `${section}/カテゴリー${category}/entry-${index + 1}`;
  });
  const images = sections.flatMap((section) => [1, 2, 3].map((n) => `assets/images/${section}/photo-${n}.jpg`));
  const assets = ["assets/css/site.css", "assets/css/print.css", "assets/js/site.js", "assets/js/search.js", ...images];
  const contents = Array.from({ length: files - assets.length }, (_, index) => {
    const round = Math.floor(index / entries);
    return `${folders[index % entries]}/${round === 0 ? "index.html" : `写真-${round}.jpg`}`;
  });
  return [...assets, ...contents];
}

function randomText(random: () => number, length: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz      \n0123456789<>/=\"'";
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

/** Tommy Ettinger's Mulberry32: a small generator of numbers in [0, 1) that is the same on every machine. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
