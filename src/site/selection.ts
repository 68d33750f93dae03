import { compilePatterns, compileReach } from "../core/patterns.ts";

/** What decides which paths of a site are left alone. Plain data, so that it can be handed to a thread. */
export interface SelectionSettings {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** false leaves .htaccess and .htpasswd alone, at any depth. */
  readonly htaccess: boolean;
  /** Paths below the root that are smartsync's own. */
  readonly reserved: readonly string[];
}

/** Which paths of a site are left alone. */
export interface Selection {
  /** True when nothing at this path is delivered. A directory ends in "/", and then nothing below it is delivered either. */
  leavesOut(path: string): boolean;
}

/** The name of smartsync's state folder: at any depth, on both sides, it is never part of a site. */
const STATE_FOLDER = ".smartsync";

/** Compiles the settings into one test. */
export function createSelection({ include, exclude, htaccess, reserved }: SelectionSettings): Selection {
  const isExcluded = compilePatterns([...exclude, STATE_FOLDER, ...(htaccess ? [] : [".htaccess", ".htpasswd"])]);
  const isReserved = (path: string) => reserved.some((own) => path === own || path.startsWith(`${own}/`));
  if (include.length === 0) return { leavesOut: (path) => isExcluded(path) || isReserved(path) };
  const isIncluded = compilePatterns(include);
  const mayHoldIncluded = compileReach(include);
  return {
    leavesOut: (path) => {
      if (isExcluded(path) || isReserved(path)) return true;
      if (isIncluded(path)) return false;
      return !path.endsWith("/") || !mayHoldIncluded(path.slice(0, -1));
    },
  };
}
