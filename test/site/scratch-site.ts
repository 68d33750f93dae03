import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Clock } from "../../src/core/context.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { openSource, type SourceOptions } from "../../src/site/open-source.ts";
import type { HashCache, Source } from "../../src/site/source.ts";

/** A site's directory on disk, for one test; disposing removes it. */
export interface ScratchSite extends Disposable {
  readonly root: string;
  /** The absolute path of something in it. */
  at(path: string): string;
  write(path: string, content: string | Uint8Array): void;
  /** Opens it with these settings, and those a configuration has by default. */
  open(settings?: Partial<SourceOptions>): Source;
}

/** Makes a site that holds these files, by path. */
export function scratchSite(files: Record<string, string | Uint8Array> = {}): ScratchSite {
  const folder = mkdtempSync(join(tmpdir(), "smartsync-サイト-"));
  const root = join(folder, "public");
  mkdirSync(root);
  const at = (path: string) => join(root, path);
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  return {
    root,
    at,
    write,
    open: (settings = {}) => openSource({ ...defaults(root), ...settings }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function defaults(root: string): SourceOptions {
  return {
    root,
    include: [],
    exclude: [],
    htaccess: true,
    symlinks: { outside: "refuse", broken: "refuse" },
    specialFiles: "refuse",
    settleSeconds: 0,
    rewrite: null,
    reserved: [],
    cache: memoryCache(),
    cacheKey: "site",
  };
}

/** A hash cache in memory. */
export function memoryCache(): HashCache & { readonly records: Map<string, Uint8Array> } {
  const records = new Map<string, Uint8Array>();
  return {
    records,
    directories: () => new Set(records.keys()),
    find: (_key, directory) => records.get(directory),
    update(_, put, gone) {
      for (const [dir, record] of put) records.set(dir, record);
      for (const dir of gone) records.delete(dir);
    },
  };
}

/** A clock so far ahead that files written just now are old enough to be trusted. */
export const laterClock: Clock = { ...systemClock, now: () => Date.now() + 5_000 };
