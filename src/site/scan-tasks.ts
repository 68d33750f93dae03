import { join } from "node:path";
import { compilePatterns } from "../core/patterns.ts";
import { type HashOutcome, hashFile } from "./hash-file.ts";
import { type ListingRules, listDirectory, type ProblemPolicy } from "./list-directory.ts";
import { type Listing, type PendingDir, STAMP_FIELDS } from "./listing.ts";
import { compileRewrite, type RewriteRule, type UrlRewriter } from "./rewrite-urls.ts";
import { createSelection, type SelectionSettings } from "./selection.ts";

/** Which links are rewritten, and in which files. */
export interface RewriteSettings extends RewriteRule {
  readonly files: readonly string[];
}

/** All that a thread has to know of a site. Plain data. */
export interface ScanSetup {
  /** The site's root after every link. */
  readonly realRoot: string;
  readonly selection: SelectionSettings;
  /** Real paths that are smartsync's own. */
  readonly reserved: readonly string[];
  readonly policy: ProblemPolicy;
  readonly rewrite: RewriteSettings | null;
}

/** A piece of the tree to walk. Plain data. */
export interface WalkInput {
  readonly dirs: readonly PendingDir[];
  /** How many files may be listed before the rest is given back. */
  readonly budget: number;
}

/** A piece of the tree. Plain data. */
export interface Walked {
  readonly listings: readonly Listing[];
  /** Directories left when the budget was used up. */
  readonly rest: readonly PendingDir[];
  /** Directories in which one was listed that is gone: they have to be listed again. */
  readonly stale: readonly PendingDir[];
  readonly files: number;
}

/** The blocking work of a scan, in pieces that any thread can do. */
export interface ScanTasks {
  walk(input: WalkInput): Walked;
  /** Hashes the delivered bytes of these files, in this order. */
  hash(paths: readonly string[]): readonly HashOutcome[];
}

/** Makes ready to do pieces of work for one site, on whatever thread it is called. */
export function createScanTasks(setup: ScanSetup): ScanTasks {
  const rules: ListingRules = {
    selection: createSelection(setup.selection),
    realRoot: setup.realRoot,
    reserved: new Set(setup.reserved),
    policy: setup.policy,
  };
  const rewriterFor = chooseRewriter(setup.rewrite);
  return {
    walk: (input) => walk(input, rules),
    hash: (paths) => paths.map((path) => hashFile(join(setup.realRoot, path), rewriterFor(path))),
  };
}

/** Gives a fresh rewriter for a file whose links are rewritten, and undefined for every other. */
export function chooseRewriter(settings: RewriteSettings | null): (path: string) => UrlRewriter | undefined {
  if (settings === null) return () => undefined;
  const matches = compilePatterns(settings.files);
  const createRewriter = compileRewrite(settings);
  return (path) => (matches(path) ? createRewriter() : undefined);
}

function walk({ dirs, budget }: WalkInput, rules: ListingRules): Walked {
  const rest = [...dirs];
  const listings: Listing[] = [];
  const stale: PendingDir[] = [];
  let files = 0;
  for (let dir = rest.pop(); dir !== undefined; dir = files < budget ? rest.pop() : undefined) {
    const listed = listDirectory(dir, rules);
    if (listed === undefined) {
      stale.push(dir.above ?? dir);
      continue;
    }
    listings.push(listed.listing);
    rest.push(...listed.below);
    files += listed.listing.stamps.length / STAMP_FIELDS;
  }
  return { listings, rest, stale, files };
}
