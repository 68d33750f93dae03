import type { Ctx } from "../../core/context.ts";
import { type NameRules, nameFault } from "../../core/names.ts";
import type { RelPath } from "../../core/rel-path.ts";
import type { FileMeta } from "../../core/snapshot.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { rootOf, stateDirOf } from "../files/document-root.ts";
import type { Stage, Target, TargetCaps } from "../target.ts";
import { createHooks, type HooksConfig } from "./hooks.ts";
import { createRenamePublisher } from "./publish-by-rename.ts";
import type { ReleasesSettings } from "./releases/releases-schema.ts";
import { withReleases } from "./releases/with-releases.ts";
import { replacesAtOnce } from "./replace-file.ts";
import type { SendMany } from "./send-many.ts";
import { createServerTree } from "./server-tree.ts";
import { createSftpSessions, type SftpAttributes } from "./sftp-session.ts";
import { createSftpStateStore } from "./sftp-state-store.ts";
import { createSiteFiles, type SiteParts } from "./site-files.ts";
import type { SshLine } from "./ssh-line.ts";
import type { SshSettings } from "./ssh-schema.ts";
import { openStageArea } from "./stage-area.ts";
import { createStateFolder } from "./state-folder.ts";

/** What every target on an SSH line is configured with. */
export type SshTargetSettings = SshSettings & ReleasesSettings & { readonly hooks?: HooksConfig };

/** What tells one kind of SSH target from another. */
export interface SshTargetParts {
  /** Sends many files into the stage, where there is something better than one at a time. */
  readonly sendMany?: SendMany;
  /** Every delivery is staged. */
  readonly alwaysStages: boolean;
}

/** Files worth having under way at once: three round trips each. */
const FILES_AT_ONCE = 128;
/** Handles that are not for files being sent: listings, records. */
const SPARE_HANDLES = 16;

/** The extensions that make a difference to us. */
const EXTENSIONS = [
  ...["posix-rename@openssh.com", "fsync@openssh.com", "limits@openssh.com"],
  ...["statvfs@openssh.com", "hardlink@openssh.com", "copy-data"],
] as const;

const MAX_SEGMENT = 255;
const PATH_MAX = 4096;
/** Room for the temporary name beside a short one. */
const TEMP_ROOM = 32;

/** The target on a line, whose end is the line's. */
export async function assembleSshTarget(
  line: SshLine,
  settings: SshTargetSettings,
  { sendMany, alwaysStages }: SshTargetParts,
  ctx: Ctx,
): Promise<Target> {
  const root = rootOf(settings);
  const stateDir = stateDirOf(settings);
  const sessions = createSftpSessions(line);
  const first = await sessions(ctx);
  const folder = createStateFolder(stateDir, root);
  const names: NameRules = {
    foldsCase: false,
    foldsUnicode: false,
    maxSegmentBytes: MAX_SEGMENT,
    maxPathBytes: PATH_MAX - Buffer.byteLength(root) - TEMP_ROOM,
    windows: false,
  };
  const caps: TargetCaps = {
    names,
    alwaysStages,
    concurrency: Math.max(1, Math.min(FILES_AT_ONCE, first.maxHandles - SPARE_HANDLES)),
    atomicReplace: replacesAtOnce(first),
    mtimes: settings.mtimes,
    modes: settings.modes === "keep",
    features: [...line.features, "SFTP", ...EXTENSIONS.filter((name) => first.extensions.has(name))],
  };

  const site: SiteParts = {
    ...{ sessions, tree: createServerTree(root), stateDir },
    attributesOf: (file) => attributesOf(file, settings),
    checkName: (path) => checkName(path, names),
  };

  async function stageInto(dir: string, _run: string, stageCtx: Ctx): Promise<Stage> {
    const tree = dir === root ? site.tree : createServerTree(dir);
    const area = await openStageArea({ ...site, folder, ...(sendMany && { sendMany }) }, stageCtx);
    return { ...area, ...createRenamePublisher({ sessions, tree, area }) };
  }

  const target: Target = {
    caps,
    state: createSftpStateStore(sessions, folder),
    hooks: createHooks(line, settings.hooks),
    ...createSiteFiles(site),
    stage: (run, stageCtx) => stageInto(root, run, stageCtx),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  };
  return settings.releases ? withReleases({ line, sessions, target, settings, stageInto }) : target;
}

function checkName(path: RelPath, names: NameRules): void {
  const fault = nameFault(path, names);
  if (fault === undefined) return;
  throw new SmartsyncError(`could not send ${path}: the name ${fault}`, {
    kind: "config",
    code: "bad-name",
    hint: "rename the file in the CMS, or exclude it",
  });
}

/** What a file is to get: SFTP knows whole seconds since 1970, in 32 bits. */
function attributesOf(file: FileMeta, { modes, mtimes }: SshTargetSettings): SftpAttributes {
  const seconds = Math.min(Math.max(Math.floor(file.mtimeMs / 1000), 0), 2 ** 32 - 1);
  return {
    ...(modes !== "server" && { mode: modes === "keep" ? file.mode : Number.parseInt(modes, 8) }),
    ...(mtimes && { atime: seconds, mtime: seconds }),
  };
}
