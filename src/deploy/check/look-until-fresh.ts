import type { CheckSettings } from "../../config/check-schema.ts";
import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { PageFetcher, PageRequest } from "./fetch-page.ts";
import { type Finding, judgeAnswers } from "./judge-page.ts";
import type { Look } from "./pick-urls.ts";

/** How pages are looked at. */
export interface LookHow {
  readonly fetcher: PageFetcher;
  readonly settings: Pick<CheckSettings, "within" | "headers" | "origin" | "originHost">;
}

const AT_ONCE = 4;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Looks at all of them, and again, with growing pauses, at those that are wrong, for so long at least; gives what is
 * wrong in the end. What no waiting mends is not asked for again: a host that doesn't exist, no trust. Throws "aborted".
 */
export async function lookUntilFresh(looks: readonly Look[], how: LookHow, ctx: Ctx): Promise<Finding[]> {
  const until = ctx.clock.now() + how.settings.within * 1000;
  const found = new Map<Look, readonly Finding[]>();
  let pending = looks;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    await forEachAtOnce(pending, AT_ONCE, async (look) => {
      found.set(look, await lookAt(look, how, ctx));
    });
    pending = pending.filter((look) => found.get(look)?.some(mayPass));
    const leftMs = until - ctx.clock.now();
    if (pending.length === 0 || leftMs <= 0) return looks.flatMap((look) => found.get(look) ?? []);
    await pause(Math.min(pauseMs, leftMs), ctx);
  }
}

function mayPass({ error }: Finding): boolean {
  return error === undefined || error.kind === "transient";
}

async function lookAt(look: Look, { fetcher, settings }: LookHow, { signal }: Ctx): Promise<Finding[]> {
  const behind = requestBehind(look.url, settings);
  const [edge, origin] = await Promise.all([
    fetcher.fetch({ url: look.url }, signal),
    behind && fetcher.fetch(behind, signal),
  ]);
  return judgeAnswers(look, { edge, origin }, settings.headers);
}

/** The same address at the server behind the CDN, whose own path comes first. */
function requestBehind(url: URL, { origin, originHost }: LookHow["settings"]): PageRequest | undefined {
  if (origin === undefined) return undefined;
  const behind = new URL(origin);
  behind.pathname = `${behind.pathname.replace(/\/$/, "")}${url.pathname}`;
  behind.search = url.search;
  return { url: behind, host: originHost ?? url.host };
}

async function pause(ms: number, { clock, signal }: Ctx): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
