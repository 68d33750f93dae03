import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { arrangePhases } from "../../../src/core/arrange-phases.ts";
import type { Change } from "../../../src/core/change.ts";
import type { Ctx } from "../../../src/core/context.ts";
import { directoriesOf, type RelPath } from "../../../src/core/rel-path.ts";
import type { FileMeta } from "../../../src/core/snapshot.ts";
import { makeRunId } from "../../../src/deploy/run-id.ts";
import { forEachAtOnce } from "../../../src/lib/for-each.ts";
import type { OutgoingFile, Publication, Stage, Target } from "../../../src/targets/target.ts";
import { bodyOf, metaOf } from "../../doubles/site-file.ts";
import type { Look, TargetTraits } from "../target-contract.ts";

/** A site, as its source holds it and as a target shall. */
export type Site = ReadonlyMap<RelPath, OutgoingFile>;

/** A site of these files: a text, bytes, or bytes with a time and permissions of their own. */
export function siteOf(files: Record<string, string | Uint8Array | OutgoingFile>): Site {
  return new Map(
    Object.entries(files).map(([path, given]) => {
      const file = typeof given === "string" || given instanceof Uint8Array ? outgoing(path, given) : given;
      return [file.file.path, file];
    }),
  );
}

/** A file with this content, ready to be sent. */
export function outgoing(path: string, content: string | Uint8Array, more: Partial<FileMeta> = {}): OutgoingFile {
  const raw = typeof content === "string" ? Buffer.from(content) : content;
  return { file: metaOf(path, raw, more), body: bodyOf(raw) };
}

/** What makes one site of the other, in phases: what is no page, pages, deletions, replacements. */
export function publicationOf(before: Site, after: Site, { names }: Target["caps"]): Publication {
  const puts = changedFiles(before, after).map(({ file }): Change => ({ kind: "put", file, reason: "content" }));
  const gone = [...before.values()].filter(({ file }) => !after.has(file.path));
  const deletes = gone.map(({ file: { path, size } }): Change => ({ kind: "delete", path, size }));
  const [had, has] = [directoriesOf(before.keys()), directoriesOf(after.keys())];
  return {
    phases: arrangePhases([...puts, ...deletes], { isPage: (path) => path.endsWith(".html") }, names),
    missingDirs: [...has].filter((dir) => !had.has(dir)).sort(),
    emptied: [...had]
      .filter((dir) => !has.has(dir))
      .sort()
      .reverse(),
  };
}

/** What is to be sent to make one site of the other. */
export function changedFiles(before: Site, after: Site): OutgoingFile[] {
  return [...after.values()].filter(({ file }) => before.get(file.path)?.file.sha256 !== file.sha256);
}

let runs = 0;

/** Begins to stage a new run. */
export async function openStage(target: Target, ctx: Ctx): Promise<Stage> {
  if (target.stage === undefined) throw new Error("this target is expected to stage");
  return target.stage(makeRunId(Date.UTC(2026, 10, 22) + 1000 * runs++), ctx);
}

/** Sends the files in whatever way the stage has; gives those that could not be sent, with their errors. */
export async function sendAll(
  stage: Stage,
  files: readonly OutgoingFile[],
  ctx: Ctx,
): Promise<{ done: string[]; failed: Map<string, unknown> }> {
  const done: string[] = [];
  const failed = new Map<string, unknown>();
  if (stage.putMany) {
    await stage.putMany(files, ctx, {
      done: ({ path }) => done.push(path),
      failed: ({ path }, error) => failed.set(path, error),
    });
  } else {
    await forEachAtOnce(files, 8, async ({ file, body }) => {
      await stage.put(file, body, ctx).then(
        () => done.push(file.path),
        (error: unknown) => failed.set(file.path, error),
      );
    });
  }
  return { done, failed };
}

/** Sends all that makes one site of the other; fails when a single file can't be sent. */
export async function stageChanges(stage: Stage, before: Site, after: Site, ctx: Ctx): Promise<void> {
  const { failed } = await sendAll(stage, changedFiles(before, after), ctx);
  for (const error of failed.values()) throw error;
}

/** Makes a whole delivery through a stage: what a target holds before a case begins. */
export async function deliverStaged(target: Target, before: Site, after: Site, ctx: Ctx): Promise<void> {
  await using stage = await openStage(target, ctx);
  await stageChanges(stage, before, after, ctx);
  await stage.prepare(publicationOf(before, after, target.caps), ctx);
  await stage.publish(ctx, () => {});
}

/** Everything visitors could notice: each file's content, and what else of it the target keeps. */
export async function visibleSite(
  look: Look,
  { mtimes, modes }: Pick<TargetTraits, "mtimes" | "modes">,
): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const path of await look.listAll()) {
    const content = await look.read(path);
    const found = await look.stat(path);
    seen[path] = {
      content: content && inShort(content),
      ...(mtimes && { seconds: Math.floor((found?.mtimeMs ?? 0) / 1000) }),
      ...(modes && { mode: found?.mode }),
    };
  }
  return seen;
}

/** What visitors shall see of this site, as `visibleSite` tells it. */
export async function expectedSite(
  site: Site,
  { mtimes, modes }: Pick<TargetTraits, "mtimes" | "modes">,
): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const [path, { file, body }] of site) {
    seen[path] = {
      content: inShort(await readAll(body())),
      ...(mtimes && { seconds: Math.floor(file.mtimeMs / 1000) }),
      ...(modes && { mode: file.mode }),
    };
  }
  return seen;
}

/** Short contents as text, others by their hash: what a failed test shows stays readable. */
function inShort(content: Uint8Array): string {
  return content.length < 100 ? Buffer.from(content).toString() : createHash("sha256").update(content).digest("hex");
}

async function readAll(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Uint8Array>));
}
