import type { Failure } from "./events.ts";

/**
 * How a purge ended. "done": accepted, and through where it was waited for. "nothing": no address was concerned.
 * "waiting": kept for later because the month's budget is spent. "skipped": given up for the same reason. "failed":
 * some of it was not accepted; the next run asks for it again.
 */
export type PurgeOutcome = "done" | "nothing" | "waiting" | "skipped" | "failed";

/** What became of one CDN in a run. */
export interface PurgeResult {
  readonly cdn: string;
  readonly outcome: PurgeOutcome;
  /** Requests that were accepted, and the items in them. */
  readonly requests: number;
  readonly items: number;
  /** Of the site's files: how many had changed, how many were dropped, and how many there were. */
  readonly changed: number;
  readonly dropped: number;
  readonly of: number;
  /** What it cost; absent where the provider takes no money for it. */
  readonly usd?: number;
  /** The provider's names for it, by which its support finds it. */
  readonly ids: readonly string[];
  /** Runs whose purges had not been made and were made, or tried, with this one. */
  readonly madeGood?: readonly string[];
  readonly seconds: number;
  readonly failure?: Failure;
  readonly check?: CheckResult;
}

/** What a look at the addresses after a purge found. */
export interface CheckResult {
  readonly outcome: "fresh" | "stale" | "unreachable";
  /** Addresses that were looked at. */
  readonly urls: number;
  /** Seconds from the purge until the edge gave what was published everywhere; absent when it did not in time. */
  readonly freshAfter?: number;
  /** The first of those that were wrong in the end. */
  readonly wrong: readonly WrongAddress[];
  /** What was done about it. */
  readonly remedy?: "warned" | "purged-again" | "rolled-back";
}

/** An address that did not give what was published. */
export interface WrongAddress {
  readonly url: string;
  /** Who gave it: the CDN, or the server behind it. */
  readonly where: "edge" | "origin";
  /** "404 instead of 200", "other content than was delivered", "cache-control: no-cache instead of max-age=60". */
  readonly why: string;
}
