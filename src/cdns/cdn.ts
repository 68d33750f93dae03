import type { z } from "zod";
import type { Ctx } from "../core/context.ts";
import type { ItemKind, PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import type { CdnSettings } from "./cdn-settings.ts";

/** One request's worth of a purge. */
export interface PurgeBatch {
  /** The same for every attempt at the same items, and for nothing else: "20261122T174501-3f9a2c71-edge-1". */
  readonly key: string;
  /** As many, and of such kinds, as the rules allow in one request; never empty. */
  readonly items: readonly PurgeItem[];
}

/** What a CDN answered. */
export interface PurgeReceipt {
  /** The provider's name for the purge, where it gives one. */
  readonly id?: string;
  /** Items that were not accepted while others were, and why; absent when all were. */
  readonly refused?: readonly { readonly item: PurgeItem; readonly why: string }[];
}

/**
 * A CDN in front of a site. Every failure is a SmartsyncError: "transient" when patience did not help, "auth" for keys,
 * "not-found" for a zone or distribution that isn't there, "refused" with code "purge-quota" when the day's quota is
 * spent. Aborting `ctx.signal` ends every call soon. What the provider asks to wait (429, Retry-After, a busy queue) is
 * waited for inside the call, and told as a `retry` event.
 */
export interface Cdn extends AsyncDisposable {
  /** What it takes, as it is configured. */
  readonly rules: PurgeRules;
  /** Asks for one batch to be dropped, with patience. May be called again with the same batch. */
  purge(batch: PurgeBatch, ctx: Ctx): Promise<PurgeReceipt>;
  /** How many items it still takes today, by kind, where it tells. */
  quota?(ctx: Ctx): Promise<Readonly<Partial<Record<ItemKind, number>>>>;
  /** Whether a purge has reached every edge: one look. Absent where it has when `purge` resolves, or nobody can tell. */
  isThrough?(receipt: PurgeReceipt, ctx: Ctx): Promise<boolean>;
  /**
   * Looks for what a purge needs (keys, rights, the zone's existence) without purging, where that is possible, and
   * says what was found: ["zone example.jp, active"]. Throws what a purge would fail with.
   */
  examine?(ctx: Ctx): Promise<readonly string[]>;
}

/** What a CDN is told when it is opened, besides its own configuration. */
export interface OpenCdnOptions {
  /** Its name in the configuration, for events and messages. */
  readonly name: string;
  /** Relative paths in the configuration are relative to this folder: the configuration file's. */
  readonly baseDir: string;
}

/** A kind of CDN: what is configured and how it is opened. */
export interface CdnType<Schema extends z.ZodType<CdnSettings> = z.ZodType<CdnSettings>> {
  readonly type: string;
  /** The configuration's schema: `type` as a literal, `cdnSettings`, and its own. Secrets are plain by the time of `open`. */
  readonly schema: Schema;
  /** What it is, for people: "CloudFront distribution E123". Never a secret. */
  describe(config: z.output<Schema>): string;
  /** Opens it; asks nothing over the network yet. Heavy libraries are imported here, not at the top of the file. */
  open(config: z.output<Schema>, options: OpenCdnOptions): Promise<Cdn>;
}

/** Defines a kind of CDN; gives back what it was given, with its types worked out. */
export function defineCdn<Schema extends z.ZodType<CdnSettings>>(type: CdnType<Schema>): CdnType<Schema> {
  return type;
}
