import type { Readable } from "node:stream";
import type { Ctx } from "../../core/context.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { isNotFound, SmartsyncError } from "../../lib/errors.ts";
import { notStaged } from "../files/not-staged.ts";
import { STAGE_FOLDER, stagedName } from "../files/own-names.ts";
import type { Stage } from "../target.ts";
import { listDirectory } from "./list-tree.ts";
import { sendFile } from "./send-file.ts";
import type { SendMany } from "./send-many.ts";
import { unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { SiteParts } from "./site-files.ts";
import type { LineCtx } from "./ssh-line.ts";
import type { StateFolder } from "./state-folder.ts";

/** What a stage area works with. */
export interface StageAreaParts extends Pick<SiteParts, "sessions" | "checkName" | "attributesOf"> {
  readonly folder: StateFolder;
  readonly sendMany?: SendMany;
}

/** Where a delivery lies until it is published: flat, each file under a name that follows from its path alone. */
export interface StageArea extends Pick<Stage, "put" | "putMany">, AsyncDisposable {
  /** The folder on the server. */
  readonly dir: string;
  stagedAt(path: RelPath): string;
  /** Where what publishing replaces or deletes under this path is kept. */
  keptAt(path: RelPath): string;
  /** Throws unless everything of these lies there, sent by us and whole. A round trip for every few hundred files. */
  check(session: SftpSession, files: readonly FileMeta[], ctx: LineCtx): Promise<void>;
}

/** Closing may take no longer: what is left is taken away by the next delivery. */
const TIDY_MS = 5_000;
const DIR_MODE = 0o700;

/**
 * Makes the area. What an interrupted delivery left of its uploads stays, for whoever can make use of it; what it kept
 * is taken away.
 */
export async function openStageArea(parts: StageAreaParts, ctx: Ctx): Promise<StageArea> {
  const { sessions, folder, checkName, attributesOf, sendMany } = parts;
  const dir = `${folder.dir}/${STAGE_FOLDER}`;
  const [stagedDir, keptDir] = [`${dir}/staged`, `${dir}/kept`];
  const stagedAt = (path: RelPath): string => `${stagedDir}/${stagedName(path)}`;
  /** What was sent by us, by path. */
  const staged = new Map<RelPath, FileMeta>();

  async function makeDirs(session: SftpSession, makeCtx: LineCtx): Promise<void> {
    const make = () =>
      Promise.allSettled([dir, stagedDir, keptDir].map((path) => session.mkdir(path, makeCtx, DIR_MODE)));
    const [first] = await make();
    if (first?.status !== "rejected" || !isNotFound(first.reason)) return;
    await folder.make(session, makeCtx);
    await make();
  }

  const session = await sessions(ctx);
  await makeDirs(session, ctx);
  await empty(session, keptDir, ctx);

  return {
    dir,
    stagedAt,
    keptAt: (path) => `${keptDir}/${stagedName(path)}`,

    async put(file, body: () => Readable, putCtx) {
      checkName(file.path);
      const putSession = await sessions(putCtx);
      staged.delete(file.path);
      await sendFile(
        putSession,
        {
          place: stagedAt(file.path),
          attributes: attributesOf(file),
          body,
          makeDir: [() => makeDirs(putSession, putCtx)],
        },
        putCtx,
      );
      staged.set(file.path, file);
      return {};
    },

    ...(sendMany &&
      ({
        async putMany(files, manyCtx, report) {
          for (const { file } of files) checkName(file.path);
          for (const { file } of files) staged.delete(file.path);
          const named = files.map(({ file, body }) => ({ file, body, id: stagedName(file.path) }));
          await sendMany(named, stagedDir, manyCtx, {
            ...report,
            done(file, result) {
              staged.set(file.path, file);
              report.done(file, result);
            },
          });
        },
      } satisfies Pick<Stage, "putMany">)),

    async check(checkSession, files, checkCtx) {
      const entries = await listDirectory(checkSession, stagedDir, checkCtx);
      const sizes = new Map(entries.map(({ filename, attrs }) => [filename, attrs.size]));
      for (const { path } of files) {
        const sent = staged.get(path);
        if (sent === undefined || sizes.get(stagedName(path)) !== sent.size) throw notStaged(path);
      }
    },

    async [Symbol.asyncDispose]() {
      const goodbye: LineCtx = { signal: AbortSignal.timeout(TIDY_MS) };
      try {
        const last = await sessions(goodbye);
        await Promise.all([empty(last, stagedDir, goodbye), empty(last, keptDir, goodbye)]);
        await Promise.all([stagedDir, keptDir, dir].map((path) => unlessMissing(last.rmdir(path, goodbye))));
      } catch {
        // The connection is gone or slow: the next delivery finds it and takes it away.
      }
    },
  };
}

/** Takes away all files of a folder. */
async function empty(session: SftpSession, dir: string, ctx: LineCtx): Promise<void> {
  const entries = await listDirectory(session, dir, ctx);
  await Promise.all(entries.map(({ filename }) => unlessMissing(session.unlink(`${dir}/${filename}`, ctx))));
}

/** Only within one file system can a file be renamed. */
export function stateElsewhere(cause: unknown, stageDir: string, place?: string): SmartsyncError {
  const message =
    cause instanceof SmartsyncError ? cause.message : `${place} is on another file system than ${stageDir}`;
  return new SmartsyncError(message, {
    kind: "config",
    code: "state-elsewhere",
    hint: "what is staged is renamed into place: set statePath to a folder on the same file system as the document root",
    cause,
  });
}
