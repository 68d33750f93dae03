import { type CheckSettings, checkSchema } from "../../../src/config/check-schema.ts";
import type { CheckResult } from "../../../src/core/purge-result.ts";
import type { RelPath } from "../../../src/core/rel-path.ts";
import { type CheckInput, checkAndAct } from "../../../src/deploy/check/check-and-act.ts";
import { type TestCtx, testCtx } from "../../doubles/test-ctx.ts";
import { hashOf } from "./page-server.ts";

/** What is tried: what was delivered by path, undefined for what is gone, null for content nobody knows. */
export interface TriedCheck {
  readonly edge: string;
  readonly delivered: Readonly<Record<string, string | null | undefined>>;
  readonly settings?: Partial<Record<keyof CheckSettings, unknown>>;
  readonly purgeAgain?: () => Promise<void>;
  readonly rollBack?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/** How it went. */
export interface CheckTried {
  readonly result: CheckResult;
  readonly events: TestCtx["events"];
  /** How long it slept each time, in seconds. */
  readonly slept: readonly number[];
  /** Codes of the warnings. */
  readonly warnings: readonly string[];
}

/** Looks at everything that was delivered, with a clock on which sleeping is all that takes time. */
export async function tryCheck(tried: TriedCheck): Promise<CheckTried> {
  const slept: number[] = [];
  let now = 1_000_000;
  const sleep = async (ms: number) => {
    now += ms;
    slept.push(ms / 1000);
  };
  const ctx = testCtx({ clock: { now: () => now, sleep }, ...(tried.signal && { signal: tried.signal }) });
  const input: CheckInput = {
    cdn: "edge",
    addresses: { baseUrls: [tried.edge], cleanUrls: "none" },
    changed: Object.keys(tried.delivered) as RelPath[],
    expected: (path) => {
      const content = tried.delivered[path];
      if (content === undefined) return undefined;
      return { sha256: content === null ? null : hashOf(content) };
    },
    settings: checkSchema.parse({ privateNetworks: true, ...tried.settings }),
    purgeAgain: tried.purgeAgain ?? (async () => undefined),
    ...(tried.rollBack && { rollBack: tried.rollBack }),
  };
  const result = await checkAndAct(input, ctx);
  const warnings = ctx.events.flatMap((event) => (event.type === "warning" ? event.code : []));
  return { result, events: ctx.events, slept, warnings };
}
