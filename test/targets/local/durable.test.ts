import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it, vi } from "vitest";
import { stagedName } from "../../../src/targets/files/own-names.ts";
import { openStage, publicationOf, siteOf, stageChanges } from "../../contract/target/staged-site.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { openSite, scratchDir } from "./stage.ts";

/** What reached the disk, in order: "sync <path>" when it ended, "rename <path>". */
const disk = vi.hoisted(() => ({ log: [] as string[], failNextSync: false }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    async open(...args: Parameters<typeof real.open>): Promise<FileHandle> {
      const handle = await real.open(...args);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        if (disk.failNextSync) {
          disk.failNextSync = false;
          throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
        }
        await sync();
        disk.log.push(`sync ${args[0]}`);
      };
      return handle;
    },
    async rename(from: string, to: string) {
      await real.rename(from, to);
      disk.log.push(`rename ${to}`);
    },
  };
});

const ctx = testCtx();
const content = bytes(100);

it("every delivered file and its directory is on the disk before a state that speaks of it", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  const at = (path: string) => join(dir, "site", path);
  await target.put(metaOf("old.html", content), bodyOf(content), ctx);
  await target.state.write("manifest.json", content, ctx);

  disk.log.length = 0;
  const paths = ["index.html", "記事/1/a.html", "記事/1/b.html"];
  for (const path of paths) await target.put(metaOf(path, content), bodyOf(content), ctx);
  await target.remove([relPath("old.html")], ctx);
  expect(disk.log.filter((line) => line.startsWith("sync"))).toEqual([]);
  await target.state.write("manifest.json", content, ctx);

  const replaced = disk.log.indexOf(`rename ${join(dir, ".smartsync/site/manifest.json")}`);
  const before = disk.log.slice(0, replaced);
  for (const path of [...paths, "記事/1", "記事", "."]) expect(before).toContain(`sync ${join(at(path))}`);
  expect(before.at(-1)).toContain(`sync ${join(dir, ".smartsync/site/")}`);
  expect(disk.log.slice(replaced + 1).map((line) => basename(line))).toEqual(["site"]);
});

it("a staged file is on the disk before it is renamed into the site, and the directory after it", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  const after = siteOf({ "index.html": "頁", "記事/1.html": "一" });
  await using stage = await openStage(target, ctx);
  await stageChanges(stage, siteOf({}), after, ctx);
  await stage.prepare(publicationOf(siteOf({}), after, target.caps), ctx);
  const staged = [...after.keys()].map(
    (path) => `sync ${join(dir, ".smartsync/site/.stage/staged", stagedName(path))}`,
  );
  for (const line of staged) expect(disk.log).toContain(line);
  disk.log.length = 0;
  await stage.publish(ctx, () => {});
  expect(disk.log.every((line) => line.startsWith(`rename ${join(dir, "site/")}`))).toBe(true);
  expect(disk.log).toHaveLength(2);
  await target.state.write("manifest.json", content, ctx);
  for (const path of ["記事", "."]) expect(disk.log).toContain(`sync ${join(dir, "site", path)}`);
});

it("when content can't be brought to the disk the old state stays, and the next write tries again", async () => {
  const dir = await scratchDir();
  const target = await openSite(dir);
  await target.state.write("manifest.json", bytes(1), ctx);
  await target.put(metaOf("page.html", content), bodyOf(content), ctx);
  disk.failNextSync = true;
  await expect(target.state.write("manifest.json", bytes(2), ctx)).rejects.toMatchObject({ code: "disk-error" });
  expect(await target.state.read("manifest.json", ctx)).toHaveLength(1);
  disk.log.length = 0;
  await target.state.write("manifest.json", bytes(2), ctx);
  expect(disk.log).toContain(`sync ${join(dir, "site/page.html")}`);
  expect(await target.state.read("manifest.json", ctx)).toHaveLength(2);
});
