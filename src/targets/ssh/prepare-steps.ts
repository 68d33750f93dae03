import { type Change, pathOf } from "../../core/change.ts";
import type { PhaseName } from "../../core/plan.ts";
import { directoriesOf } from "../../core/rel-path.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { forEachAtOnce } from "../../lib/for-each.ts";
import type { Publication } from "../target.ts";
import { keepFile } from "./keep-file.ts";
import { ancestorsOf, type ServerTree } from "./server-tree.ts";
import { unlessMissing } from "./sftp-error.ts";
import type { SftpSession } from "./sftp-session.ts";
import type { LineCtx } from "./ssh-line.ts";
import { type StageArea, stateElsewhere } from "./stage-area.ts";

/** Files kept at once. */
const AT_ONCE = 256;

/** A prepared change. */
export interface Step {
  readonly change: Change;
  /** What was in its place is kept in the stage. */
  readonly kept: boolean;
  /** The server was told to; it may have done so. */
  sent: boolean;
  published: boolean;
}

/** A phase of a publication. */
export interface StepPhase {
  readonly name: PhaseName;
  readonly steps: readonly Step[];
}

/** What `prepare` found and kept. */
export interface PreparedSteps {
  readonly phases: readonly StepPhase[];
  /** Directories that are to hold something and are not there yet, deepest first; "" is the document root. */
  readonly absentDirs: readonly string[];
  /** Directories that the deletions empty, deepest first, with their permissions. */
  readonly emptied: readonly { readonly dir: string; readonly mode: number }[];
}

/** What a publication is prepared with. */
export interface PrepareParts {
  readonly session: SftpSession;
  readonly tree: ServerTree;
  readonly area: StageArea;
}

/**
 * Makes sure that nothing stands in the way of publishing, as far as it can be known, and keeps everything that will be
 * replaced or deleted. Changes nothing below the document root. All of it is asked for at once, but that nothing is
 * asked of trees that are not there at all.
 */
export async function prepareSteps(
  { phases, emptied, missingDirs }: Publication,
  { session, tree, area }: PrepareParts,
  ctx: LineCtx,
): Promise<PreparedSteps> {
  const changes = phases.flatMap((phase) => phase.changes);
  const puts = changes.filter((change) => change.kind === "put");
  const goes = new Set<string>([...changes.filter(({ kind }) => kind === "delete").map(pathOf), ...emptied]);
  const kept = new Set<Change>();

  async function keep(change: Change): Promise<void> {
    const path = pathOf(change);
    const outcome = await keepFile(session, tree.at(path), area.keptAt(path), ctx);
    if (outcome === "kept") kept.add(change);
    else if (outcome === "directory" && change.kind === "put" && !goes.has(path)) throw isDirectory(tree.at(path));
  }

  /** The directories that are not there yet: absent, or a file that goes before. */
  async function findAbsent(dirs: readonly string[]): Promise<Set<string>> {
    const found = await Promise.all(dirs.map((dir) => unlessMissing(session.stat(tree.at(dir), ctx))));
    for (const [i, dir] of dirs.entries()) {
      if (found[i] && !found[i].isDirectory() && !goes.has(dir)) throw notDirectory(tree.at(dir));
    }
    return new Set(dirs.filter((_, i) => !found[i]?.isDirectory()));
  }

  /** What is below an absent directory is absent too. */
  function isBelowAbsent(dir: string): boolean {
    return dir !== "" && (absentTops.has("") || ancestorsOf(dir).some((above) => absentTops.has(above)));
  }

  async function findModes(): Promise<PreparedSteps["emptied"]> {
    const found = await Promise.all(emptied.map((dir) => unlessMissing(session.lstat(tree.at(dir), ctx))));
    return emptied.flatMap((dir, i) => (found[i]?.isDirectory() ? [{ dir, mode: found[i].mode & 0o7777 }] : []));
  }

  /** Everything is on the stage's file system, as far as the server tells. */
  async function checkDisks(dirs: readonly string[]): Promise<void> {
    const root = tree.at("");
    const outer = ancestorsOf(root).reverse();
    const ask = (path: string) => unlessMissing(session.disk(path, ctx));
    const [stage, ...disks] = await Promise.all([area.dir, ...dirs.map(tree.at), ...outer].map(ask));
    const asked = [...dirs.map(tree.at), ...outer];
    // Of what lies above the root, the nearest that is there: the root will be made on its disk.
    const rootIsThere = disks[dirs.indexOf("")] !== undefined;
    const nearest = asked.findIndex((path, i) => outer.includes(path) && disks[i] !== undefined);
    for (const [i, disk] of disks.entries()) {
      if (i >= dirs.length && (rootIsThere || i !== nearest)) continue;
      if (disk && stage && disk.id !== stage.id) throw stateElsewhere(undefined, area.dir, asked[i]);
    }
  }

  const dirs = ["", ...directoriesOf(puts.map(pathOf))];
  const tops = missingDirs.filter((dir) => !dir.includes("/"));
  const absentTops = tops.length === 0 ? new Set<string>() : await findAbsent(["", ...tops]);
  const asked = dirs.filter((dir) => !isBelowAbsent(dir));
  const [absent, modes] = await Promise.all([
    findAbsent(asked),
    findModes(),
    area.check(
      session,
      puts.map(({ file }) => file),
      ctx,
    ),
    tree.check(
      session,
      [...directoriesOf(changes.map(pathOf))].filter((dir) => !isBelowAbsent(dir)),
      ctx,
    ),
    checkDisks(asked),
    forEachAtOnce(
      changes.filter((change) => !isBelowAbsent(pathOf(change))),
      AT_ONCE,
      keep,
    ),
  ]);
  const toStep = (change: Change): Step => ({ change, kept: kept.has(change), sent: false, published: false });
  return {
    phases: phases.map(({ name, changes: inPhase }) => ({ name, steps: inPhase.map(toStep) })),
    absentDirs: dirs.filter((dir) => absent.has(dir) || isBelowAbsent(dir)).sort((a, b) => b.length - a.length),
    emptied: modes,
  };
}

function isDirectory(path: string): SmartsyncError {
  return new SmartsyncError(`can't publish ${path}: there is a directory where a file is to go`, {
    kind: "conflict",
    code: "is-a-directory",
    hint: "rename or remove the directory on the server, or exclude the file",
  });
}

function notDirectory(path: string): SmartsyncError {
  return new SmartsyncError(`can't publish below ${path}: there is a file where a directory is needed`, {
    kind: "conflict",
    code: "not-a-directory",
    hint: "rename or remove the file on the server, or exclude what is below it",
  });
}
