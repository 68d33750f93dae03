import { expect } from "vitest";
import { type Change, pathOf } from "../../../src/core/change.ts";
import type { Stage } from "../../../src/targets/target.ts";
import { bytes } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import type { TargetTest, TargetTraits } from "../target-contract.ts";
import {
  deliverStaged,
  expectedSite,
  openStage,
  outgoing,
  publicationOf,
  siteOf,
  stageChanges,
  visibleSite,
} from "./staged-site.ts";

const EMPTY = siteOf({});

const BEFORE = siteOf({
  "index.html": outgoing("index.html", "古い", { mtimeMs: Date.UTC(2025, 11, 31, 15, 0, 1), mode: 0o640 }),
  "css/site.css": bytes(70_000),
  "古い/深い/1.html": "消える",
  "about/index.html": "フォルダ",
  news: "ファイル",
  ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`記事/${i}.html`, `古い ${i}`])),
});
/** Everything that a publication can do: replace, add, delete, make and empty directories, change one for the other. */
const AFTER = siteOf({
  "index.html": "新しい",
  "css/site.css": bytes(80_000, 2),
  "新着/2026/1.html": "増える",
  about: "ファイル",
  "news/1.html": "フォルダ",
  ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`記事/${i + 20}.html`, `新しい ${i}`])),
});

/** Putting back what was published, in whole or in part. */
export function stageRevertCases(it: TargetTest, traits: TargetTraits): void {
  it("reverting after publishing brings everything back, and takes away what came", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    await stage.publish(ctx, () => {});
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(AFTER, traits));
    for (let times = 0; times < 2; times++) {
      await stage.revert(ctx);
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
      expect(await look.stat("新着")).toBeUndefined();
    }
  });

  it("a first delivery that is reverted leaves nothing", async ({ target, look, ctx }) => {
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, EMPTY, BEFORE, ctx);
    await stage.prepare(publicationOf(EMPTY, BEFORE, target.caps), ctx);
    await stage.publish(ctx, () => {});
    await stage.revert(ctx);
    expect(await look.listAll()).toEqual([]);
  });

  it("reverting what was only staged or prepared changes nothing", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.revert(ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    await stage.revert(ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
  });

  it("what somebody else had laid there comes back too", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    await look.write("新着/2026/1.html", Buffer.from("手作業で置いたページ"));
    await look.write("古い/uploads.txt", Buffer.from("残る"));
    const before = await visibleSite(look, traits);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    await stage.publish(ctx, () => {});
    expect(await look.listAll()).toEqual([...AFTER.keys(), "古い/uploads.txt"].sort());
    await stage.revert(ctx);
    expect(await visibleSite(look, traits)).toEqual(before);
  });

  it("after a publication that failed half-way, reverting brings everything back", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    // Between preparing and publishing somebody makes a directory where a new page is to go.
    await look.write("記事/79.html/邪魔.txt", bytes(10));
    const before = await visibleSite(look, traits);
    const published = await stage
      .publish(ctx, () => {})
      .then(
        () => true,
        () => false,
      );
    // A switch of the whole site has no such half-way; a file in its place can't be published over a directory.
    if (published) expect(await look.stat("記事/79.html")).toMatchObject({ isDirectory: false });
    await stage.revert(ctx);
    expect(await visibleSite(look, traits)).toEqual(before);
  });

  it("a publication that is stopped ends soon, and reverting brings everything back", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    await publishUntilStopped(stage);
    await stage.revert(ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
  });

  it("a publication that was stopped goes on where it was", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, BEFORE, AFTER, ctx);
    await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    const told = await publishUntilStopped(stage);
    const changes = publicationOf(BEFORE, AFTER, target.caps).phases.flatMap((phase) => phase.changes);
    if (told.length < changes.length) await stage.publish(ctx, (change) => told.push(change));
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(AFTER, traits));
    expect(told.map(pathOf).sort()).toEqual(changes.map(pathOf).sort());
    await stage.revert(ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
  });

  it("after a delivery was reverted the next one is whole", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    {
      await using stage = await openStage(target, ctx);
      await stageChanges(stage, BEFORE, AFTER, ctx);
      await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
      await stage.publish(ctx, () => {});
      await stage.revert(ctx);
    }
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
    await deliverStaged(target, BEFORE, AFTER, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(AFTER, traits));
  });
}

/** Publishes and stops at the third change that is told; gives those that were. A switch may be through by then. */
async function publishUntilStopped(stage: Stage): Promise<Change[]> {
  const stop = new AbortController();
  const told: Change[] = [];
  const started = performance.now();
  await stage
    .publish(testCtx({ signal: stop.signal }), (change) => {
      told.push(change);
      if (told.length === 3) stop.abort();
    })
    .catch((error) => expect(error).toMatchObject({ kind: "aborted" }));
  expect(told.length).toBeGreaterThanOrEqual(3);
  expect(performance.now() - started).toBeLessThan(3_000);
  return told;
}
