import { randomBytes } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import type { ObjectLayout } from "./object-layout.ts";
import type { ObjectLock } from "./object-lock.ts";
import type { ObjectPlace } from "./object-place.ts";

/** What the stores themselves find out about what a delivery needs, and how the lock is taken. */
export async function examineStores(
  { store, state }: ObjectPlace,
  { stagePrefix }: ObjectLayout,
  lock: ObjectLock,
  ctx: Ctx,
): Promise<readonly string[]> {
  const name = `probe-${randomBytes(4).toString("hex")}`;
  const found = (await store.examine?.(stagePrefix + name, ctx)) ?? [];
  const ofState = state.store === store ? [] : ((await state.store.examine?.(state.prefix + name, ctx)) ?? []);
  const others = ofState.filter((fact) => !found.includes(fact)).map((fact) => `${state.store.place}: ${fact}`);
  return [...found, ...others, await lock.describe(ctx)];
}
