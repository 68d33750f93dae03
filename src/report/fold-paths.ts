/** A path and its bytes. */
export interface SizedPath {
  readonly path: string;
  readonly size: number;
}

/** One line of a folded list: a file, or everything below a folder. */
export interface Fold {
  /** "/css/site.css", the files right in a folder "/css/*", or all below it "/css/**". */
  readonly pattern: string;
  readonly files: number;
  readonly bytes: number;
}

interface Folder {
  readonly path: string;
  readonly loose: SizedPath[];
  readonly folders: Map<string, Folder>;
  files: number;
  bytes: number;
}

/**
 * The paths as at most `lines` lines, sorted, which together name every one of them: the folders with the most files
 * are opened first, as long as what they hold fits. Few enough paths are all named.
 */
export function foldPaths(paths: readonly SizedPath[], lines: number): Fold[] {
  if (paths.length <= lines) return sorted(paths.map(fileFold));
  const closed = [buildTree(paths)];
  const open: Fold[] = [];
  while (true) {
    closed.sort((a, b) => b.files - a.files);
    const at = closed.findIndex((folder) => closed.length - 1 + open.length + linesInside(folder) <= lines);
    const folder = closed[at];
    if (folder === undefined) break;
    closed.splice(at, 1, ...folder.folders.values());
    open.push(...looseFolds(folder, lines - closed.length - open.length));
  }
  return sorted([...open, ...closed.map(closedFold)]);
}

/** How many lines the folder takes when it is opened; its own files may be told as one line where folders are beside them. */
function linesInside({ folders, loose }: Folder): number {
  return folders.size === 0 ? loose.length : folders.size + Math.min(1, loose.length);
}

/** The files right in a folder: one by one when there is room and they are few, else as one line. */
function looseFolds({ path, loose, folders }: Folder, room: number): Fold[] {
  if (folders.size === 0 || loose.length <= Math.min(room, FEW)) return loose.map(fileFold);
  return [{ pattern: `${path}/*`, files: loose.length, bytes: loose.reduce((sum, { size }) => sum + size, 0) }];
}

/** More files than this beside folders are told as one line, so that they don't use up the room of the folders. */
const FEW = 5;

function buildTree(paths: readonly SizedPath[]): Folder {
  const root = emptyFolder("");
  for (const file of paths) {
    let folder = root;
    count(folder, file);
    const segments = file.path.split("/").slice(0, -1);
    for (const segment of segments) {
      const known = folder.folders.get(segment) ?? emptyFolder(`${folder.path}/${segment}`);
      folder.folders.set(segment, known);
      folder = known;
      count(folder, file);
    }
    folder.loose.push(file);
  }
  return root;
}

function emptyFolder(path: string): Folder {
  return { path, loose: [], folders: new Map(), files: 0, bytes: 0 };
}

function count(folder: Folder, file: SizedPath): void {
  folder.files++;
  folder.bytes += file.size;
}

function fileFold(file: SizedPath): Fold {
  return { pattern: `/${file.path}`, files: 1, bytes: file.size };
}

function closedFold(folder: Folder): Fold {
  const [only] = folder.loose;
  if (folder.files === 1 && only) return fileFold(only);
  return {
    pattern: `${folder.path}/${folder.folders.size > 0 ? "**" : "*"}`,
    files: folder.files,
    bytes: folder.bytes,
  };
}

function sorted(folds: Fold[]): Fold[] {
  return folds.sort((a, b) => (a.pattern < b.pattern ? -1 : 1));
}
