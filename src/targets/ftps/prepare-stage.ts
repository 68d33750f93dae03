import { type Change, pathOf } from "../../core/change.ts";
import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { notStaged } from "../files/not-staged.ts";
import { stagedName } from "../files/own-names.ts";
import type { Publication } from "../target.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { type Existing, findExisting } from "./find-existing.ts";
import type { Copies } from "./keep-copies.ts";
import type { Server } from "./server.ts";
import type { StageFolder } from "./stage-folder.ts";

/** What preparing, publishing and reverting work with. */
export interface StageWork {
  readonly pool: ConnectionPool;
  readonly server: Server;
  readonly folder: StageFolder;
  readonly copies: Copies;
  /** A path of the site as the server names it. */
  at(path: string): string;
}

/** A publication that is ready, and how far it has come. */
export interface Prepared {
  readonly publication: Publication;
  /** What was under its paths before. */
  readonly before: Existing;
  /** The names of what lies in the stage: a staged file that is gone is published, an old one that is there was moved. */
  there: Set<string>;
  /** Puts that were reverted. */
  readonly reverted: Set<RelPath>;
  /** Changes that `done` was called for. */
  readonly told: Set<Change>;
}

/**
 * Makes sure that everything the publication puts is staged and whole, sees what is in its place now, and keeps a copy
 * of what a rename will replace. Changes nothing that visitors see.
 */
export async function prepareStage(
  { pool, server, folder, copies, at }: StageWork,
  publication: Publication,
  staged: ReadonlyMap<RelPath, FileMeta>,
  ctx: Ctx,
): Promise<Prepared> {
  const changes = publication.phases.flatMap((phase) => phase.changes);
  const puts = changes.filter((change) => change.kind === "put").map(({ file }) => file);
  await folder.reserve(changes.map(pathOf), ctx);
  const inStage = await folder.list(
    puts.map(({ path }) => stagedName(path)),
    ctx,
  );
  for (const { path } of puts) {
    const size = staged.get(path)?.size;
    if (size === undefined || inStage.get(stagedName(path))?.size !== size) throw notStaged(path);
  }
  const before = await lookAt(changes);
  const replaced = puts.flatMap(({ path }) => {
    const entry = before.files.get(path);
    return entry && server.renameReplaces ? [{ path, entry }] : [];
  });
  await forEachAtOnce(replaced, pool.limit, ({ path, entry }) => copies.keep(path, at(path), entry, ctx));
  return { publication, before, there: new Set(inStage.keys()), reverted: new Set(), told: new Set() };

  /** A listing that was cut off unnoticed lacks files: what should be there is believed to be absent when two lack it. */
  async function lookAt(all: readonly Change[]): Promise<Existing> {
    const found = await findExisting(pool, server, all.map(pathOf), at, ctx);
    const surprising = all.filter(
      (change) => !found.files.has(pathOf(change)) && !(change.kind === "put" && change.reason === "new"),
    );
    if (surprising.length === 0) return found;
    const again = await findExisting(pool, server, surprising.map(pathOf), at, ctx);
    return { files: new Map([...found.files, ...again.files]), dirs: new Set([...found.dirs, ...again.dirs]) };
  }
}
