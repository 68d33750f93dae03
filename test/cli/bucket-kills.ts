import { expect } from "vitest";
import { type Observed, observe } from "../../src/deploy/observe.ts";
import { targetTypes } from "../../src/targets/index.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { expectNothingLeft, type FoundObjects, openEyes } from "./bucket-eyes.ts";
import type { BucketLook } from "./bucket-looks.ts";
import { rebuildSite, type SiteVersion, type Visible } from "./bucket-site.ts";
import { countKills, type KilledPush, killPush, pushAll } from "./kill-push.ts";
import { eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

/** A bucket whose deliveries are killed. */
export interface KilledBucket {
  readonly name: string;
  /** The target's settings in the configuration. */
  readonly setting: { readonly type: string };
  readonly look: BucketLook;
  readonly publish: "ordered" | "staged";
  /** Other headers are two requests there: what was killed between them is done again. */
  readonly setsHeadersInTwo?: true;
}

/** Every so often the run that would make a killed delivery good is killed too. */
const KILLED_AGAIN = 5;
/** Every so often `status` is asked after a kill. */
const STATUS_EVERY = 3;

/**
 * Kills so many deliveries (KILL) at random points of what they tell. After each of them every object is the old one or
 * the new one, bytes and headers together, and the target's records claim nothing that is not so. One plain run later
 * the bucket is what the site is, with nothing left of the killed run, and nothing was written again that it had done.
 */
export async function killBucketDeliveries(bucket: KilledBucket, kills: number): Promise<void> {
  using workspace = makeWorkspace();
  const see = openEyes(bucket.look);
  let before = rebuildSite(0);
  rebuild(workspace, bucket, undefined, before);
  let { told } = await pushAll(workspace);
  expect((await see()).visible).toEqual(before.visible);

  const killed: KilledPush[] = [];
  let mixed = 0;
  for (let round = 1; killed.length < kills; round++) {
    if (round > kills * 4) throw new Error(`only ${killed.length} of ${round} kills hit a running delivery`);
    const after = rebuildSite(round);
    rebuild(workspace, bucket, before, after);
    let left: FoundObjects | undefined;
    for (let time = round % KILLED_AGAIN === 0 ? 2 : 1; time > 0 && killed.length < kills; time--) {
      const kill = await killPush(workspace, told);
      // One that was too quick to be killed has delivered everything already.
      if (kill === undefined) continue;
      killed.push(kill);
      const was = left?.visible ?? before.visible;
      const found = await see();
      if (left && !bucket.setsHeadersInTwo) expectNothingAgain(left, found, after.visible);
      left = found;
      expectOldOrNew(found.visible, before.visible, after.visible);
      const records = await expectTrueRecords(workspace, bucket, left, [before, after]);
      if (records.interrupted !== null) mixed++;
      if (killed.length % STATUS_EVERY === 0) await expectTrueStatus(workspace, records);
      if (bucket.publish === "staged" && !kill.events.some(({ type }) => type === "staged")) {
        expect(left.visible).toEqual(was);
      }
    }
    if (left !== undefined) {
      const { told: now, events } = await pushAll(workspace);
      const found = await see();
      expect(found.visible).toEqual(after.visible);
      const given = events.flatMap(({ type, headersOnly, path }) => (type === "file-put" && headersOnly ? [path] : []));
      expectNothingAgain(left, found, after.visible, bucket.setsHeadersInTwo && given);
      // What a run leaves that is killed after its last change is for the next delivery: one without changes looks for nothing.
      if (now.size > 0) await expectNothingLeft(bucket.look, found);
      if (now.size > 0) told = now;
    }
    before = after;
  }
  rebuild(workspace, bucket, before, rebuildSite(-1));
  await pushAll(workspace);
  await expectNothingLeft(bucket.look, await see());
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
  const { length } = killed;
  console.log(
    `${bucket.name}: ${length} deliveries killed (${countKills(killed)}), ${mixed} of them half-seen, all made good`,
  );
}

/** Lays a version of the site where the next delivery finds it, headers too. */
function rebuild(workspace: Workspace, bucket: KilledBucket, from: SiteVersion | undefined, to: SiteVersion): void {
  const { setting, publish } = bucket;
  const guard = { maxDelete: "100%", maxDeleteCount: 10_000, maxShrink: "100%" };
  workspace.configure({ bucket: setting }, { guard, publish, headers: to.headers });
  const gone = [...(from?.files.keys() ?? [])].filter((path) => !to.files.has(path));
  const changed = [...to.files].filter(([path, content]) => !from?.files.get(path)?.equals(content));
  workspace.publish(Object.fromEntries([...gone.map((path) => [path, null]), ...changed]));
}

/** Every object is as it was before or as it is to be, bytes and headers of the same version. */
function expectOldOrNew(seen: Visible, before: Visible, after: Visible): void {
  const paths = new Set([...before.keys(), ...after.keys(), ...seen.keys()]);
  const wrong = [...paths].filter((path) => ![before.get(path), after.get(path)].includes(seen.get(path)));
  expect(wrong).toEqual([]);
}

/** What the target's records claim is so: of every object that they call known, and of all when they call none unknown. */
async function expectTrueRecords(
  workspace: Workspace,
  { setting }: KilledBucket,
  { visible }: FoundObjects,
  versions: readonly SiteVersion[],
): Promise<Observed> {
  const type = targetTypes.find((each) => each.type === setting.type);
  if (type === undefined) throw new Error(`there is no target of the type ${setting.type}`);
  const ctx = testCtx();
  await using target = await type.open(type.schema.parse(setting), { name: "bucket", baseDir: workspace.dir }, ctx);
  const records = await observe(target, { get: () => undefined, set: () => {} }, ctx);
  const claimed = new Map<string, string | null>(
    records.snapshot.files.values().map((file) => [file.path, file.sha256]),
  );
  expect([...visible.keys()].filter((path) => !claimed.has(path))).toEqual([]);
  const wrong = [...claimed].filter(([path, sha256]) => sha256 !== null && sha256 !== visible.get(path)?.split(" ")[0]);
  expect(wrong).toEqual([]);
  if (records.interrupted === null) expect(versions.map((version) => version.visible)).toContainEqual(visible);
  return records;
}

/** `status` tells what the records say. */
async function expectTrueStatus(workspace: Workspace, { head, snapshot, interrupted }: Observed): Promise<void> {
  const status = await workspace.run(["status", "--json"]);
  expect(status.code, status.stdout + status.stderr).toBe(0);
  expect(eventsOf(status).find(({ type }) => type === "target-status")).toMatchObject({
    generation: head?.generation,
    files: snapshot.files.size,
    interrupted: interrupted && { run: interrupted.intent.run, paths: interrupted.unfinished.length },
    delivering: false,
  });
}

/** Of what was as it is to be already, nothing was written again: but for these. */
function expectNothingAgain(
  left: FoundObjects,
  now: FoundObjects,
  after: Visible,
  excused: readonly unknown[] = [],
): void {
  const done = [...left.visible].filter(([path, seen]) => after.get(path) === seen).map(([path]) => path);
  const again = done.filter((path) => JSON.stringify(now.objects.get(path)) !== JSON.stringify(left.objects.get(path)));
  expect(
    again.filter((path) => !excused.includes(path)),
    "written again",
  ).toEqual([]);
}
