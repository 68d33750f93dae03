import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { eventsOf, untilTold, type Workspace } from "./workspace.ts";

/** How many events of each type a delivery told; none when there was nothing to deliver. */
export type Told = ReadonlyMap<string, number>;

/** A delivery that was killed. */
export interface KilledPush {
  readonly pid: number | undefined;
  /** The type of the event it was killed after. */
  readonly after: string;
  /** Everything it told before. */
  readonly events: ReturnType<typeof eventsOf>;
}

/** So long after what it told, at most: the pauses between two things that are told are mostly shorter. */
const KILL_WITHIN_MS = 20;
/** In the lot of what a delivery is killed after, a type of event has no more tickets than this. */
const TICKETS = 10;

/** Delivers all of it, and expects that to succeed. */
export async function pushAll(workspace: Workspace): Promise<{ told: Told; events: KilledPush["events"] }> {
  const result = await workspace.run(["push", "--yes", "--json"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const told = new Map<string, number>();
  const events = eventsOf(result);
  if (events.at(-1)?.outcome !== "done") return { told, events };
  for (const { type } of events) told.set(type, (told.get(type) ?? 0) + 1);
  // Then there is nothing left to kill.
  told.delete("done");
  return { told, events };
}

/**
 * Starts a delivery and kills it at a random moment of what the last one told (SIGKILL): a little after one of its
 * events. Undefined when it had ended by then.
 */
export async function killPush(workspace: Workspace, told: Told): Promise<KilledPush | undefined> {
  const after = pick(told);
  const running = workspace.start(["push", "--yes", "--json"]);
  await untilTold(running, after, randomInt(told.get(after) ?? 1) + 1);
  await delay(randomInt(KILL_WITHIN_MS));
  running.child.kill("SIGKILL");
  const ended = await running.ended;
  if (ended.signal === "SIGKILL") return { pid: running.child.pid, after, events: eventsOf(wholeLines(ended)) };
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  return undefined;
}

/** Tells of kills, for people. */
export function countKills(kills: readonly KilledPush[]): string {
  const counts = Map.groupBy(kills, ({ after }) => after);
  return [...counts].map(([after, all]) => `${all.length} after ${after}`).join(", ");
}

/** One of these types by chance: such as are told for every file are the likelier ones, but leave some to the others. */
function pick(told: Told): string {
  const all = [...told].flatMap(([type, count]) => Array<string>(Math.min(count, TICKETS)).fill(type));
  return all[randomInt(all.length)] ?? "";
}

/** Without what was being written when the process was killed. */
function wholeLines<T extends { readonly stdout: string }>(ended: T): T {
  return { ...ended, stdout: ended.stdout.slice(0, ended.stdout.lastIndexOf("\n") + 1) };
}
