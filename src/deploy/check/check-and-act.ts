import type { CheckSettings } from "../../config/check-schema.ts";
import type { Ctx } from "../../core/context.ts";
import type { CheckResult } from "../../core/purge-result.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError, toSmartsyncError } from "../../lib/errors.ts";
import { openPageFetcher } from "./fetch-page.ts";
import type { Finding } from "./judge-page.ts";
import { lookUntilFresh } from "./look-until-fresh.ts";
import { type Look, type PickInput, pickUrls } from "./pick-urls.ts";
import { isStaleAtEdge, warnOfFindings } from "./warn-of-findings.ts";

/** What is looked at after a purge, and what can be done when it is wrong. */
export interface CheckInput extends PickInput {
  /** The CDN's name in the configuration. */
  readonly cdn: string;
  readonly settings: CheckSettings;
  /** Asks the CDN for the same purge once more. */
  purgeAgain(): Promise<void>;
  /** Puts the site back as it was before; absent where no target can. */
  rollBack?(): Promise<void>;
}

/** So many wrong addresses are told. */
const TOLD = 20;

/**
 * Looks as visitors do whether they are given what was delivered, waits for it as long as they may be given something
 * else, and does what is configured for when they still are. Warns ("check-stale", "check-unreachable",
 * "check-private", "check-remedy-failed"); throws only "aborted".
 */
export async function checkAndAct(input: CheckInput, ctx: Ctx): Promise<CheckResult> {
  const { cdn, settings } = input;
  const startedAt = ctx.clock.now();
  const looks = pickUrls(input);
  const urls = looks.length;
  if (urls > 0) ctx.emit({ type: "checking", cdn, urls, within: settings.within });
  using fetcher = openPageFetcher({ privateNetworks: settings.privateNetworks, hosts: hostsOf(input, looks) });
  const look = () => lookUntilFresh(looks, { fetcher, settings }, ctx);
  const first = await look();
  const remedy = await remedyFor(first, input, ctx);
  const found = remedy === "purged-again" ? await look() : first;
  if (found.length === 0) {
    const freshAfter = (ctx.clock.now() - startedAt) / 1000;
    return { outcome: "fresh", urls, freshAfter, wrong: [], ...(remedy && { remedy }) };
  }
  warnOfFindings(cdn, urls, found, ctx);
  const wrong = found.slice(0, TOLD).map(({ url, where, why }) => ({ url, where, why }));
  return { outcome: isStale(found) ? "stale" : "unreachable", urls, wrong, remedy: remedy ?? "warned" };
}

/** Something answered, and wrongly: that nobody could be asked is no reason to touch the site. */
function isStale(found: readonly Finding[]): boolean {
  return found.some(({ error }) => error === undefined);
}

/** Does what is configured, where it can help; undefined when nothing was done. */
async function remedyFor(
  found: readonly Finding[],
  input: CheckInput,
  ctx: Ctx,
): Promise<"purged-again" | "rolled-back" | undefined> {
  const { onFailure } = input.settings;
  if (onFailure === "purge" && isStaleAtEdge(found)) {
    return (await tryTo(`purge ${input.cdn} once more`, () => input.purgeAgain(), ctx)) ? "purged-again" : undefined;
  }
  if (onFailure === "rollback" && isStale(found)) {
    return (await tryTo("roll the targets back", () => rollBack(input), ctx)) ? "rolled-back" : undefined;
  }
  return undefined;
}

async function rollBack(input: CheckInput): Promise<void> {
  if (input.rollBack !== undefined) return input.rollBack();
  const hint = "set `releases: true` for them, where they are of type rsync or sftp";
  throw new SmartsyncError("no target keeps releases", { kind: "config", code: "check-remedy-failed", hint });
}

/** Whether it could be done; warns when not. */
async function tryTo(doing: string, act: () => Promise<void>, ctx: Ctx): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    throwIfAborted(ctx.signal);
    const { message, hint } = toSmartsyncError(error);
    const warning = `visitors are given something else than was delivered, and smartsync could not ${doing}: ${message}`;
    ctx.emit({ type: "warning", code: "check-remedy-failed", message: warning, ...(hint !== undefined && { hint }) });
    return false;
  }
}

function hostsOf({ settings: { origin } }: CheckInput, looks: readonly Look[]): Set<string> {
  const urls = [...looks.map(({ url }) => url), ...(origin === undefined ? [] : [new URL(origin)])];
  return new Set(urls.map(({ hostname }) => hostname));
}
