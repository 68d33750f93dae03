import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { type Allowed, watchFiles } from "./watch-files.ts";
import { eventsOf, makeWorkspace, treeOf, untilTold, type Workspace } from "./workspace.ts";

/** A target whose deliveries are killed. */
export interface KilledTarget {
  readonly name: string;
  /** The document root as a directory of this machine. */
  readonly root: string;
  /** Its settings in the configuration. */
  readonly setting: object;
  /** Asked after each kill, with what was seen before that delivery and what is to be seen after it. */
  checkKilled?(before: Tree, after: Tree): void;
  /** Asked after each delivery that was complete, with the ids of the processes killed so far: nothing may be left. */
  checkClean?(killed: readonly number[]): void;
}

/** Every file's content by its path, as latin1 text. */
type Tree = Readonly<Record<string, string>>;

const FILES = 90;
/** Every so often the run that would make a killed delivery good is killed too. */
const KILLED_AGAIN = 5;
/** So long after what it told, at most: the pauses between two things that are told are mostly shorter. */
const KILL_WITHIN_MS = 20;
/** In the lot of what a delivery is killed after, a type of event has no more tickets than this. */
const TICKETS = 10;

/**
 * Kills so many deliveries (KILL) at random points of what they tell, while every file is looked at all the time: it is
 * the old one or the new one. One plain run after each the target is byte-equal to the source.
 */
export async function killDeliveries(target: KilledTarget, kills: number): Promise<void> {
  using workspace = makeWorkspace();
  // Half of the files come and go in every round, which is what the guards are there to refuse.
  const guard = { maxDelete: "100%", maxDeleteCount: 10_000, maxShrink: "100%" };
  workspace.configure({ web1: target.setting }, { guard });
  workspace.publish(rebuild(0));
  let told = await push(workspace);

  const killed: number[] = [];
  const points = new Map<string, number>();
  let looks = 0;
  for (let round = 1; killed.length < kills; round++) {
    if (round > kills * 4) throw new Error(`only ${killed.length} of ${round} kills hit a running delivery`);
    const before = treeOf(workspace.source);
    workspace.publish(rebuild(round));
    const after = treeOf(workspace.source);
    const watch = watchFiles(target.root, eitherOf(before, after));
    const killedBefore = killed.length;
    const times = round % KILLED_AGAIN === 0 ? 2 : 1;
    for (let time = 0; time < times && killed.length < kills; time++) {
      const type = pick(told);
      const pid = await killAt(workspace, type, randomInt(told.get(type) ?? 1), randomInt(KILL_WITHIN_MS));
      if (pid === undefined) continue;
      killed.push(pid);
      points.set(type, (points.get(type) ?? 0) + 1);
      target.checkKilled?.(before, after);
    }
    // One that was too quick to be killed has delivered everything already.
    const now = killed.length > killedBefore ? await push(workspace) : told;
    looks += await watch.end();
    expect(treeOf(target.root), `round ${round}`).toEqual(after);
    // What a run leaves that is killed after its last change is for the next delivery: a run without one looks for nothing.
    if (now.size > 0) target.checkClean?.(killed);
    if (now.size > 0) told = now;
  }
  workspace.publish({ "last.html": "最後" });
  await push(workspace);
  expect(treeOf(target.root)).toEqual(treeOf(workspace.source));
  target.checkClean?.(killed);
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
  const where = [...points].map(([point, count]) => `${count} after ${point}`).join(", ");
  console.log(
    `${target.name}: ${killed.length} deliveries killed (${where}), all made good; ${looks} looks at every file`,
  );
}

/** The site after its n-th rebuild: some pages new, some changed, some gone, some as they were. */
function rebuild(round: number): Record<string, string | null> {
  const files: Record<string, string | null> = {};
  for (let n = 0; n < FILES; n++) {
    const path = n % 3 === 0 ? `assets/画像/${n}.css` : `記事/${n % 7}/page ${n}.html`;
    const age = Math.floor((round + n) / 4);
    if (age % 3 !== 2 || n === 0) files[path] = `${path} as of ${age}\n`.repeat(1 + (n % 50) * 20);
    else if (round > 0 && Math.floor((round - 1 + n) / 4) % 3 !== 2) files[path] = null;
  }
  return files;
}

function eitherOf(before: Tree, after: Tree): Allowed {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return new Map([...paths].map((path) => [path, new Set([before[path] ?? null, after[path] ?? null])]));
}

/** Delivers; gives how many events of each type it told, none when there was nothing to deliver. */
async function push(workspace: Workspace): Promise<ReadonlyMap<string, number>> {
  const result = await workspace.run(["push", "--yes", "--json"]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const told = new Map<string, number>();
  const events = eventsOf(result);
  if (events.at(-1)?.outcome !== "done") return told;
  for (const { type } of events) told.set(type, (told.get(type) ?? 0) + 1);
  // Then there is nothing left to kill.
  told.delete("done");
  return told;
}

/** One of these types by chance: such as are told for every file are the likelier ones, but leave some to the others. */
function pick(told: ReadonlyMap<string, number>): string {
  const all = [...told].flatMap(([type, count]) => Array<string>(Math.min(count, TICKETS)).fill(type));
  return all[randomInt(all.length)] ?? "";
}

/** Starts a delivery and kills it so long after the n-th event of a type; undefined when it had ended by then. */
async function killAt(workspace: Workspace, type: string, n: number, ms: number): Promise<number | undefined> {
  const running = workspace.start(["push", "--yes", "--json"]);
  await untilTold(running, type, n + 1);
  await delay(ms);
  running.child.kill("SIGKILL");
  const { signal, code, stdout, stderr } = await running.ended;
  if (signal === "SIGKILL") return running.child.pid;
  expect(code, stdout + stderr).toBe(0);
  return undefined;
}
