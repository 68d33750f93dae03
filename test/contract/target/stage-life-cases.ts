import { expect } from "vitest";
import { bodyOf, bytes, metaOf, stalledBody } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import type { TargetTest, TargetTraits } from "../target-contract.ts";
import {
  changedFiles,
  deliverStaged,
  expectedSite,
  openStage,
  outgoing,
  publicationOf,
  sendAll,
  siteOf,
  stageChanges,
  visibleSite,
} from "./staged-site.ts";

const EMPTY = siteOf({});
const BEFORE = siteOf({ "index.html": "古い", "お知らせ/1.html": "古い", "gone.css": "消える" });
const AFTER = siteOf({ "index.html": "新しい", "お知らせ/2.html": "新しい", "新/a.css": bytes(100_000) });

/** How a stage ends, is stopped, or is found again after its process was killed; and many files at once. */
export function stageLifeCases(it: TargetTest, traits: TargetTraits): void {
  for (const [at, when] of ["sending", "preparing", "publishing", "reverting"].entries()) {
    it(`a stage that is disposed after ${when} leaves nothing beside the site and its records`, async ({
      target,
      look,
      ctx,
    }) => {
      await target.state.write("manifest.json", bytes(100), ctx);
      await target.state.takeLock(Buffer.from("私"), ctx);
      await deliverStaged(target, EMPTY, BEFORE, ctx);
      const records = await look.listState();
      {
        await using stage = await openStage(target, ctx);
        await stageChanges(stage, BEFORE, AFTER, ctx);
        if (at >= 1) await stage.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
        if (at >= 2) await stage.publish(ctx, () => {});
        if (at >= 3) await stage.revert(ctx);
      }
      const site = when === "publishing" ? AFTER : BEFORE;
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(site, traits));
      expect(await look.listState()).toEqual(records);
      expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
      expect(Buffer.from((await target.state.readLock(ctx)) ?? [])).toEqual(Buffer.from("私"));
    });
  }

  it("a stage does not show in the list of records", async ({ target, ctx }) => {
    await target.state.write("manifest.json", bytes(100), ctx);
    await using stage = await openStage(target, ctx);
    await stageChanges(stage, EMPTY, AFTER, ctx);
    await stage.prepare(publicationOf(EMPTY, AFTER, target.caps), ctx);
    expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
  });

  it("what a killed run had staged is never published by the next one", async ({ server, target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    const records = await look.listState();
    const dead = await openStage(target, ctx);
    await stageChanges(dead, BEFORE, AFTER, ctx);
    await dead.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);

    await using next = await server.open();
    const fixed = siteOf({ "index.html": "やり直し", "お知らせ/1.html": "古い", "gone.css": "消える" });
    {
      await using stage = await openStage(next, ctx);
      await expect(stage.prepare(publicationOf(BEFORE, AFTER, next.caps), ctx)).rejects.toThrow();
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
      await stageChanges(stage, BEFORE, fixed, ctx);
      await stage.prepare(publicationOf(BEFORE, fixed, next.caps), ctx);
      await stage.publish(ctx, () => {});
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(fixed, traits));
      await stage.revert(ctx);
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
    }
    expect(await look.listState()).toEqual(records);
  });

  it("after a run was killed while publishing, the next one makes the site whole", async ({
    server,
    target,
    look,
    ctx,
  }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    const records = await look.listState();
    const dead = await openStage(target, ctx);
    await stageChanges(dead, BEFORE, AFTER, ctx);
    await dead.prepare(publicationOf(BEFORE, AFTER, target.caps), ctx);
    const stop = new AbortController();
    await dead.publish(testCtx({ signal: stop.signal }), () => stop.abort()).catch(() => undefined);

    await using next = await server.open();
    {
      await using stage = await openStage(next, ctx);
      // Nobody knows what of it is there: everything is sent again, and whatever was to go is deleted once more.
      await sendAll(stage, changedFiles(EMPTY, AFTER), ctx);
      await stage.prepare(publicationOf(BEFORE, AFTER, next.caps), ctx);
      await stage.publish(ctx, () => {});
    }
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(AFTER, traits));
    expect(await look.listState()).toEqual(records);
  });

  it("staging that is stopped ends soon, and the next stage is whole", async ({ target, look, ctx }) => {
    await deliverStaged(target, EMPTY, BEFORE, ctx);
    {
      await using stage = await openStage(target, ctx);
      const stop = new AbortController();
      const content = bytes(500_000);
      const put = stage.put(metaOf("page.html", content), stalledBody(content), testCtx({ signal: stop.signal }));
      const failed = expect(put).rejects.toMatchObject({ kind: "aborted" });
      setTimeout(() => stop.abort(), 300);
      const started = performance.now();
      await failed;
      expect(performance.now() - started).toBeLessThan(3_300);
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(BEFORE, traits));
    }
    await deliverStaged(target, BEFORE, AFTER, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(AFTER, traits));
  });

  it("many files that are stopped half-way end soon, and the next stage is whole", async ({ target, look, ctx }) => {
    {
      await using stage = await openStage(target, ctx);
      const stop = new AbortController();
      const files = Array.from({ length: 60 }, (_, i) => outgoing(`多い/${i}.html`, bytes(20_000, i)));
      const stalled = files.map((file, i) => (i % 10 === 9 ? { ...file, body: stalledBody(bytes(10_000, i)) } : file));
      setTimeout(() => stop.abort(), 300);
      const started = performance.now();
      const sent = await sendAll(stage, stalled, testCtx({ signal: stop.signal })).catch((error) => {
        expect(error).toMatchObject({ kind: "aborted" });
        return undefined;
      });
      for (const error of sent?.failed.values() ?? []) expect(error).toMatchObject({ kind: "aborted" });
      expect(sent?.done.length ?? 0).toBeLessThan(files.length);
      expect(performance.now() - started).toBeLessThan(3_300);
      expect(await look.listAll()).toEqual([]);
    }
    await deliverStaged(target, EMPTY, AFTER, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(AFTER, traits));
  });

  it("when it was stopped before, nothing is staged, prepared or published any more", async ({ target, look, ctx }) => {
    const stopped = testCtx({ signal: AbortSignal.abort() });
    const content = bytes(10);
    await expect(openStage(target, stopped)).rejects.toMatchObject({ kind: "aborted" });
    await using stage = await openStage(target, ctx);
    const put = stage.put(metaOf("a.html", content), bodyOf(content), stopped);
    await expect(put).rejects.toMatchObject({ kind: "aborted" });
    await stageChanges(stage, EMPTY, AFTER, ctx);
    const publication = publicationOf(EMPTY, AFTER, target.caps);
    await expect(stage.prepare(publication, stopped)).rejects.toMatchObject({ kind: "aborted" });
    await stage.prepare(publication, ctx);
    await expect(stage.publish(stopped, () => {})).rejects.toMatchObject({ kind: "aborted" });
    expect(await look.listAll()).toEqual([]);
  });

  it("500 files in 50 directories are published as one", async ({ target, look, ctx }) => {
    const files = Array.from({ length: 500 }, (_, i) => [`一覧/${i % 50}/${i}.html`, bytes(200 + i, i)] as const);
    const site = siteOf(Object.fromEntries(files));
    await deliverStaged(target, EMPTY, site, ctx);
    expect(await visibleSite(look, traits)).toEqual(await expectedSite(site, traits));
    await deliverStaged(target, site, EMPTY, ctx);
    expect(await look.listAll()).toEqual([]);
  });

  if (traits.atomicReplace) {
    it("while 200 files are published, a reader sees each old or new, never missing or mixed", async ({
      target,
      look,
      ctx,
    }) => {
      const paths = Array.from({ length: 200 }, (_, i) => `記事/${i % 10}/${i}.html`);
      const contents = [bytes(8_000, 1), bytes(8_000, 2)] as const;
      const [one, other] = contents.map((content) => siteOf(Object.fromEntries(paths.map((path) => [path, content]))));
      if (one === undefined || other === undefined) throw new Error("there are two versions");
      await deliverStaged(target, EMPTY, one, ctx);
      const seen = { whole: 0, missing: 0, mixed: 0 };
      let publishing = true;
      const reading = (async () => {
        while (publishing) {
          for (const path of paths) {
            const read = await look.read(path);
            if (read === undefined) seen.missing++;
            else if (contents.some((content) => Buffer.compare(content, read) === 0)) seen.whole++;
            else seen.mixed++;
          }
        }
      })();
      try {
        // However slow reading is, it meets some deliveries.
        for (let round = 0; round < 2 || seen.whole < 300; round++) {
          await deliverStaged(target, one, other, ctx);
          await deliverStaged(target, other, one, ctx);
        }
      } finally {
        publishing = false;
        await reading;
      }
      expect(seen).toMatchObject({ missing: 0, mixed: 0 });
      expect(await visibleSite(look, traits)).toEqual(await expectedSite(one, traits));
    });
  }
}
