import type { PurgeInput, SiteAddresses } from "../../src/core/purge-plan.ts";
import { ITEM_KINDS, type Pace, type PurgeItem, type PurgeRules } from "../../src/core/purge-rules.ts";
import type { RelPath } from "../../src/core/rel-path.ts";

/** What a CDN keeps: the answer to one address as a visitor asked for it, which the origin made from a file. */
export interface CachedCopy {
  readonly origin: string;
  /** Encoded, as it was asked for. */
  readonly path: string;
  readonly file: RelPath;
  /** It is the file's own address and not another one that leads to it. */
  readonly isOwn: boolean;
}

/** Everything a CDN may have cached of files: each address that leads to one, in each way a link may be written. */
export function cachedCopies(files: Iterable<RelPath>, addresses: SiteAddresses): CachedCopy[] {
  return [...files].flatMap((file) =>
    addresses.baseUrls.flatMap((base) => {
      const { origin, pathname } = new URL(base);
      const root = decodeURIComponent(pathname);
      const leading = leadingTo(file, addresses.cleanUrls).map((page) => `${root}${page}`);
      if (file === "index.html" && root !== "/") leading.push(root.slice(0, -1));
      return [`${root}${file}`, ...leading].flatMap((page, at) =>
        [...waysToWrite(page)].map((path) => ({ origin, path, file, isOwn: at === 0 })),
      );
    }),
  );
}

/** What else the origin answers with a file: a directory with its index, an address without ".html" with that page. */
function leadingTo(file: string, cleanUrls: SiteAddresses["cleanUrls"]): string[] {
  const segments = file.split("/");
  const name = segments.pop() ?? "";
  const directory = segments.map((segment) => `${segment}/`).join("");
  if (["index.html", "index.htm", "index.php"].includes(name)) {
    return directory === "" ? [""] : [directory, segments.join("/")];
  }
  if (!name.endsWith(".html")) return [];
  const clean = `${directory}${name.slice(0, -".html".length)}`;
  const index = [clean, `${clean}/`, `${clean}/index.html`];
  const ways = { none: [], plain: [clean], slash: index, both: index };
  return ways[cleanUrls];
}

/** A path as browsers send it, as encodeURI writes it, as PHP's rawurlencode does and did before 5.3; small digits too. */
function waysToWrite(path: string): Set<string> {
  const link = path.replace(/[%?#\\]/g, (mark) => bytesOf(mark));
  const browser = new URL(`https://host.example${link}`).pathname;
  const script = encodeURI(path).replace(/[?#]/g, (mark) => bytesOf(mark));
  const php = path.replace(/[^A-Za-z0-9\-._~/]+/g, (text) => bytesOf(text));
  const ways = [browser, script, php, php.replaceAll("~", "%7E")];
  return new Set([...ways, ...ways.map((way) => way.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))]);
}

function bytesOf(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** A CDN with these rules that has cached copies: what is left of them after these items were purged. */
export function purgeCache(
  copies: readonly CachedCopy[],
  items: readonly PurgeItem[],
  { rules, tagsOf }: Pick<PurgeInput, "rules" | "tagsOf">,
): CachedCopy[] {
  const originOf = (origin = "") => (rules.names === "addresses" ? origin : "");
  const exact = new Set<string>();
  const drops: ((copy: CachedCopy, key: string) => boolean)[] = [];
  for (const item of items) {
    if (item.kind === "tag") drops.push(({ file }) => tagsOf?.(file).includes(item.tag) ?? false);
    else if (item.kind === "everything") drops.push(({ origin }) => (item.origin ?? origin) === origin);
    else {
      const key = `${originOf(item.origin)}${keyOf(item.path, rules)}`;
      if (item.kind === "exact") exact.add(key);
      else drops.push((_, asked) => asked.startsWith(key));
    }
  }
  return copies.filter((copy) => {
    const key = `${originOf(copy.origin)}${keyOf(copy.path, rules)}`;
    return !exact.has(key) && !drops.some((dropsIt) => dropsIt(copy, key));
  });
}

/** What a cache compares: the path as it was asked for, or what RFC 3986, section 6.2.2, makes of it. */
function keyOf(path: string, { spelling, ignoresCase }: PurgeRules): string {
  const key = spelling === "as-requested" ? path : normalForm(path);
  return ignoresCase ? key.toLowerCase() : key;
}

function normalForm(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : code.toUpperCase();
  });
}

/** What a provider would refuse of these requests; empty when they are legal, but for limits of how many in all. */
export function refusals(batches: readonly (readonly PurgeItem[])[], rules: PurgeRules): string[] {
  return batches.flatMap((batch) => {
    const kinds = ITEM_KINDS.filter((kind) => batch.some((item) => item.kind === kind));
    const wrong = batch.flatMap((item) => wrongOf(item, rules));
    if (batch.length === 0) wrong.push("an empty request");
    if (kinds.length > 1 && !rules.mixes) wrong.push("kinds are mixed");
    if (batch.length > (rules.perRequest ?? Number.POSITIVE_INFINITY)) wrong.push("too many of all kinds together");
    for (const kind of kinds) {
      const own = batch.filter((item) => item.kind === kind);
      const { perRequest = 0, maxBytes } = rules.kinds[kind] ?? {};
      if (own.length > perRequest) wrong.push(`too many ${kind} items in one request`);
      const texts = own.map((item) => (item.kind === "tag" ? item.tag : `${item.origin ?? ""}${pathOf(item)}`));
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + (maxBytes?.perItem ?? 0), 0);
      if (maxBytes && bytes + maxBytes.empty > maxBytes.request) wrong.push(`too many bytes in one request`);
    }
    return wrong;
  });
}

function pathOf(item: PurgeItem): string {
  return "path" in item ? item.path : "";
}

function wrongOf(item: PurgeItem, rules: PurgeRules): string[] {
  const wrong: string[] = [];
  if (rules.kinds[item.kind] === undefined) wrong.push(`there are no ${item.kind} items`);
  if (!("path" in item)) return wrong;
  if ((item.origin === undefined) !== (rules.names === "paths")) wrong.push(`${item.path} with a wrong origin`);
  if (item.path.length > (rules.maxPath ?? Number.POSITIVE_INFINITY)) wrong.push(`${item.path} is too long`);
  if (!item.path.startsWith("/")) wrong.push(`${item.path} without a slash before it`);
  if (item.kind === "directory" && !item.path.endsWith("/")) wrong.push(`${item.path} without a slash after it`);
  if (rules.kinds.directory && item.path.includes("*")) wrong.push(`${item.path} has a wildcard that is none`);
  if (/[\x00-\x20"<>?#\x7f-\uffff]/.test(item.path)) wrong.push(`${item.path} is not encoded`);
  return wrong;
}

/** Which of the limits on a purge as a whole stand against these requests. */
export function excesses(
  batches: readonly (readonly PurgeItem[])[],
  { rules, usage }: Pick<PurgeInput, "rules" | "usage">,
): string[] {
  return ITEM_KINDS.flatMap((kind) => {
    const count = batches.flat().filter((item) => item.kind === kind).length;
    const { atOnce = count, perDay = count } = rules.kinds[kind] ?? {};
    const left = usage.leftToday?.[kind] ?? perDay;
    return [...(count > atOnce ? [`${kind}: too many at once`] : []), ...(count > left ? [`${kind}: quota`] : [])];
  });
}

/** What requests cost: each item that is not free any more in this month. */
export function usdOf(
  batches: readonly (readonly PurgeItem[])[],
  { rules: { price }, usage }: Pick<PurgeInput, "rules" | "usage">,
): number {
  let [usd, used] = [0, usage.itemsThisMonth];
  for (const _ of batches.flat()) if (price && ++used > price.freePerMonth) usd += price.usdPerItem;
  return usd;
}

/** When the last of the requests may begin, if each waits until the provider's buckets have enough for it. */
export function secondsOf(batches: readonly (readonly PurgeItem[])[], { kinds, pace }: PurgeRules): number {
  let now = 0;
  const take = (amounts: readonly number[], bucket: Pace | undefined) => {
    let tokens = bucket?.burst ?? 0;
    for (const amount of amounts) {
      tokens -= amount;
      if (bucket && amount > 0) now = Math.max(now, -tokens / bucket.perSecond);
    }
  };
  take(
    batches.map(() => 1),
    pace,
  );
  for (const kind of ITEM_KINDS) {
    const counts = batches.map((batch) => batch.filter((item) => item.kind === kind).length);
    take(
      counts.map((count) => Math.min(1, count)),
      kinds[kind]?.pace,
    );
    take(counts, kinds[kind]?.itemPace);
  }
  return now;
}
