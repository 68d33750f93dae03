import { parentOf, type RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import { tempPath } from "../files/own-names.ts";
import type { Target } from "../target.ts";
import { listTree } from "./list-tree.ts";
import { readWhole } from "./read-whole.ts";
import { removeDirectory, removeFile } from "./remove-file.ts";
import { replaceFile } from "./replace-file.ts";
import { sendFile } from "./send-file.ts";
import type { ServerTree } from "./server-tree.ts";
import type { SftpAttributes, SftpSessions } from "./sftp-session.ts";

const REQUESTS_AT_ONCE = 256;

/** What is needed to work on the files of a site on a server. */
export interface SiteParts {
  readonly sessions: SftpSessions;
  readonly tree: ServerTree;
  /** Where smartsync's own records lie on the server. */
  readonly stateDir: string;
  /** Refuses a name that the server can't hold. */
  checkName(path: RelPath): void;
  /** What a file is to get besides its content. */
  attributesOf(file: FileMeta): SftpAttributes;
}

/** The calls of a target on the files that visitors see. */
export function createSiteFiles({
  sessions,
  tree,
  stateDir,
  checkName,
  attributesOf,
}: SiteParts): Pick<Target, "list" | "get" | "put" | "makeDirs" | "remove" | "removeDirs" | "sweep"> {
  return {
    async *list(prefix, ctx) {
      yield* listTree(await sessions(ctx), tree, stateDir, prefix, ctx);
    },
    async get(path, ctx) {
      const session = await sessions(ctx);
      const [content] = await Promise.all([readWhole(session, tree.at(path), ctx), tree.check(session, [path], ctx)]);
      if (content) return content;
      throw new SmartsyncError(`could not read ${tree.at(path)}: there is no such file`, {
        kind: "not-found",
        code: "not-found",
      });
    },
    async put(file, body, ctx) {
      checkName(file.path);
      const session = await sessions(ctx);
      const dir = parentOf(file.path);
      await tree.checkOnce(session, dir, ctx);
      const temp = tree.at(tempPath(file.path));
      const sending = {
        place: temp,
        attributes: attributesOf(file),
        body,
        makeDir: [async () => void (await tree.make(session, [dir], ctx)), () => tree.insist(session, dir, ctx)],
        meanwhile: () => tree.confirm(session, dir, ctx),
      };
      await sendFile(session, sending, ctx);
      try {
        await replaceFile(session, temp, tree.at(file.path), ctx);
      } catch (error) {
        await removeFile(session, temp, ctx).catch(() => undefined);
        throw error;
      }
      return {};
    },
    async makeDirs(dirs, ctx) {
      const session = await sessions(ctx);
      if (dirs.length > 0) await tree.make(session, dirs, ctx);
    },
    async remove(paths, ctx, done) {
      const session = await sessions(ctx);
      await tree.check(session, paths.map(parentOf), ctx);
      await forEachAtOnce(paths, REQUESTS_AT_ONCE, async (path) => {
        throwIfAborted(ctx.signal);
        await removeFile(session, tree.at(path), ctx);
        done?.(path);
      });
    },
    async removeDirs(dirs, ctx) {
      const session = await sessions(ctx);
      await tree.check(session, dirs.map(parentOf), ctx);
      await Promise.all(dirs.map((dir) => removeDirectory(session, tree.at(dir), ctx)));
    },
    async sweep(paths, ctx) {
      const session = await sessions(ctx);
      await tree.check(session, paths.map(parentOf), ctx);
      await forEachAtOnce(paths, REQUESTS_AT_ONCE, (path) => removeFile(session, tree.at(tempPath(path)), ctx));
    },
  };
}
