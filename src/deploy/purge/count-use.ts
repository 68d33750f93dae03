import type { Ctx } from "../../core/context.ts";
import { priceOf } from "../../core/purge-cost.ts";
import { monthOf } from "../../state/purge-usage.ts";
import type { PlanDeps } from "../job.ts";
import type { OpenedCdn } from "./open-cdns.ts";

/** Counts what a CDN has accepted in a run, for the month's usage as well. */
export interface UseCounter {
  add(items: number): void;
  /** What it cost so far; undefined where the provider takes no money for it. */
  usd(): number | undefined;
}

/** Starts to count; each request is stored as it is accepted, so that a killed run's count. */
export function countUse({ name, cdn }: OpenedCdn, { state }: Pick<PlanDeps, "state">, ctx: Ctx): UseCounter {
  const { price } = cdn.rules;
  let spent = 0;
  return {
    add(items) {
      const month = monthOf(ctx.clock.now());
      const before = state.purgeUsage.of(name, month).items;
      const usd = price === undefined ? 0 : priceOf(before + items, price) - priceOf(before, price);
      spent += usd;
      state.purgeUsage.add(name, month, { items, usd });
    },
    usd: () => (price === undefined ? undefined : spent),
  };
}
