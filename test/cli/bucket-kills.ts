import { expect } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { observe } from "../../src/deploy/observe.ts";
import { forEachAtOnce } from "../../src/lib/for-each.ts";
import { targetTypes } from "../../src/targets/index.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import type { BucketLook, ListedObject } from "./bucket-looks.ts";
import { rebuildSite, type SiteVersion, type Visible, visibleAs } from "./bucket-site.ts";
import { countKills, type KilledPush, killPush, pushAll } from "./kill-push.ts";
import { eventsOf, makeWorkspace, type Workspace } from "./workspace.ts";

/** A bucket whose deliveries are killed. */
export interface KilledBucket {
  readonly name: string;
  /** The target's settings in the configuration. */
  readonly setting: { readonly type: string };
  readonly look: BucketLook;
  readonly publish: "ordered" | "staged";
}

/** What is in a bucket at a moment when nobody is at work. */
interface Found {
  /** The site's objects, by path. */
  readonly objects: ReadonlyMap<string, ListedObject>;
  readonly visible: Visible;
  /** The keys of smartsync's own objects. */
  readonly own: readonly string[];
}

const OWN = ".smartsync/";
/** All that lies in the state of a bucket between two deliveries. */
const AT_REST = [/^\.smartsync\/head\.json$/, /^\.smartsync\/manifest-[^/]+\.gz$/];
/** Every so often the run that would make a killed delivery good is killed too. */
const KILLED_AGAIN = 5;
const SETTLED_MS = 60;

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
    let left: Found | undefined;
    for (let time = round % KILLED_AGAIN === 0 ? 2 : 1; time > 0 && killed.length < kills; time--) {
      const kill = await killPush(workspace, told);
      // One that was too quick to be killed has delivered everything already.
      if (kill === undefined) continue;
      killed.push(kill);
      const found = await see();
      if (left) expectNothingAgain(left, found, after.visible);
      left = found;
      expectOldOrNew(found.visible, before.visible, after.visible);
      if (await expectTrueRecords(workspace, bucket, left, [before, after])) mixed++;
      if (bucket.publish === "staged" && !kill.events.some(({ type }) => type === "staged")) {
        expect(left.visible).toEqual(before.visible);
      }
    }
    if (left !== undefined) {
      const now = (await pushAll(workspace)).told;
      const found = await see();
      expectNothingAgain(left, found, after.visible);
      // What a run leaves that is killed after its last change is for the next delivery: one without changes looks for nothing.
      if (now.size > 0) await expectNothingLeft(bucket, found);
      if (now.size > 0) told = now;
    }
    expect((await see()).visible).toEqual(after.visible);
    before = after;
  }
  rebuild(workspace, bucket, before, rebuildSite(-1));
  await pushAll(workspace);
  await expectNothingLeft(bucket, await see());
  const plan = await workspace.run(["plan", "--exit-code"]);
  expect(plan.code, plan.stdout + plan.stderr).toBe(0);
  const { length } = killed;
  console.log(`${bucket.name}: ${length} deliveries killed (${countKills(killed)}), ${mixed} of them half-seen, all made good`);
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

/** A way to see what is in a bucket, which reads again only what was written again. */
function openEyes({ list, read }: BucketLook): () => Promise<Found> {
  const known = new Map<string, string>();

  async function readAll(listed: ReadonlyMap<string, ListedObject>): Promise<Visible | undefined> {
    const visible = new Map<string, string>();
    let isQuiet = true;
    await forEachAtOnce([...listed], 32, async ([key, { etag, writtenAt }]) => {
      const name = `${key}\0${etag}\0${writtenAt}`;
      if (!known.has(name)) {
        const object = await read(key);
        if (object?.etag === etag) known.set(name, visibleAs(object.content, object.cacheControl));
      }
      const seen = known.get(name);
      if (seen === undefined) isQuiet = false;
      else visible.set(key, seen);
    });
    return isQuiet ? visible : undefined;
  }

  return async () => {
    for (let last = await list(); ; ) {
      // The store may still be at work on what a killed process asked for.
      await delay(SETTLED_MS);
      const now = await list();
      const isSame = JSON.stringify([...now]) === JSON.stringify([...last]);
      last = now;
      if (!isSame) continue;
      const own = [...now.keys()].filter((key) => key.startsWith(OWN));
      const objects = new Map([...now].filter(([key]) => !key.startsWith(OWN)));
      const visible = await readAll(objects);
      if (visible) return { objects, visible, own };
    }
  };
}

/** Every object is as it was before or as it is to be, bytes and headers of the same version. */
function expectOldOrNew(seen: Visible, before: Visible, after: Visible): void {
  const paths = new Set([...before.keys(), ...after.keys(), ...seen.keys()]);
  const wrong = [...paths].filter((path) => ![before.get(path), after.get(path)].includes(seen.get(path)));
  expect(wrong).toEqual([]);
}

/** What the records claim is so; gives whether they say that a delivery has not ended. */
async function expectTrueRecords(
  workspace: Workspace,
  { setting }: KilledBucket,
  { objects, visible }: Found,
  versions: readonly SiteVersion[],
): Promise<boolean> {
  const type = targetTypes.find((each) => each.type === setting.type);
  if (type === undefined) throw new Error(`there is no target of the type ${setting.type}`);
  const ctx = testCtx();
  await using target = await type.open(type.schema.parse(setting), { name: "bucket", baseDir: workspace.dir }, ctx);
  const cache = { get: () => undefined, set: () => {} };
  const { snapshot, interrupted, head } = await observe(target, cache, ctx);
  for (const path of visible.keys()) expect(snapshot.files.has(path as never), `${path} is unknown`).toBe(true);
  for (const { path, sha256 } of snapshot.files.values()) {
    if (sha256 !== null) expect(visible.get(path)?.split(" ")[0], `what is recorded of ${path}`).toBe(sha256);
  }
  if (interrupted === null) expect(versions.map((version) => version.visible)).toContainEqual(visible);
  expect(objects.size).toBe(visible.size);

  const status = await workspace.run(["status", "--json"]);
  expect(status.code, status.stdout + status.stderr).toBe(0);
  expect(eventsOf(status).find(({ type: each }) => each === "target-status")).toMatchObject({
    generation: head?.generation,
    files: snapshot.files.size,
    interrupted: interrupted && { run: interrupted.intent.run, paths: interrupted.unfinished.length },
    delivering: false,
  });
  return interrupted !== null;
}

/** Of what was as it is to be already, nothing was written again. */
function expectNothingAgain(left: Found, now: Found, after: Visible): void {
  const done = [...left.visible].filter(([path, seen]) => after.get(path) === seen).map(([path]) => path);
  const again = done.filter((path) => JSON.stringify(now.objects.get(path)) !== JSON.stringify(left.objects.get(path)));
  expect(again, "written again").toEqual([]);
}

async function expectNothingLeft({ look }: KilledBucket, { own }: Found): Promise<void> {
  expect(await look.unfinished(), "unfinished").toEqual([]);
  expect(own.filter((key) => !AT_REST.some((pattern) => pattern.test(key)))).toEqual([]);
  expect(own).toHaveLength(AT_REST.length);
}
