import { expect } from "vitest";
import { countKills, type KilledPush, killPush, pushAll } from "./kill-push.ts";
import { type Allowed, watchFiles } from "./watch-files.ts";
import { makeWorkspace, treeOf } from "./workspace.ts";

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
  let { told } = await pushAll(workspace);

  const killed: KilledPush[] = [];
  const pids = () => killed.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
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
      const kill = await killPush(workspace, told);
      if (kill === undefined) continue;
      killed.push(kill);
      target.checkKilled?.(before, after);
    }
    // One that was too quick to be killed has delivered everything already.
    const now = killed.length > killedBefore ? (await pushAll(workspace)).told : told;
    looks += await watch.end();
    expect(treeOf(target.root), `round ${round}`).toEqual(after);
    // What a run leaves that is killed after its last change is for the next delivery: a run without one looks for nothing.
    if (now.size > 0) target.checkClean?.(pids());
    if (now.size > 0) told = now;
  }
  workspace.publish({ "last.html": "最後" });
  await pushAll(workspace);
  expect(treeOf(target.root)).toEqual(treeOf(workspace.source));
  target.checkClean?.(pids());
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
  console.log(
    `${target.name}: ${killed.length} deliveries killed (${countKills(killed)}), all made good; ${looks} looks at every file`,
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
