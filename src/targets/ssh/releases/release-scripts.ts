import { SmartsyncError } from "../../../lib/errors.ts";
import type { LineCtx, SshLine } from "../ssh-line.ts";
import { partOf, type ReleaseLayout } from "./release-layout.ts";
import { runScript, type ScriptResult } from "./run-script.ts";

/** Every file of a release with its size, by path; what links are is not asked. */
export type Files = ReadonlyMap<string, number>;

const LIST = `list() { cd "$1" && find . ! -type d -exec stat -c '%s %n' {} +; };`;

const CAN_T_LINK = 21;

const BUILD = `${LIST}
umask 022; releases=$1; new=$2; from=$3; shift 3;
mkdir -p "$releases" && rm -rf "$new" || exit 1;
if [ -z "$from" ]; then mkdir "$new" || exit 1;
else (list "$from") || exit 1; cp -al "$from" "$new" || exit ${CAN_T_LINK}; fi;
while [ $# -gt 0 ]; do
mkdir -p "$1" "\${2%/*}" || exit 1;
if [ -h "$2" ]; then rm -f "$2" || exit 1; fi;
if [ -e "$2" ]; then echo "$2 is in the way" >&2; exit 1; fi;
ln -s "$3" "$2" || exit 1;
shift 3; done`;

const REMOVE = `link=$1; releases=$2; shift 2;
for name; do
served=$(readlink "$link"); part="$releases/\${name%.tmp}.tmp";
if [ "\${served##*/}" != "$name" ] && [ -d "$releases/$name" ] && [ ! -h "$releases/$name" ]; then
if [ "$releases/$name" != "$part" ]; then rm -rf "$part" && mv "$releases/$name" "$part" || exit 1; fi;
rm -rf "$part" || exit 1;
fi; done`;

/**
 * Makes the directory of a new release: hard links to every file of the one before, which cost nothing, and links to
 * what is shared. Gives what the one before held. Throws "no-hard-links" where that can't be done.
 */
export async function buildRelease(
  line: SshLine,
  layout: ReleaseLayout,
  { name, from }: { name: string; from: string | undefined },
  ctx: LineCtx,
): Promise<Files> {
  const part = layout.dirOf(partOf(name));
  const links = layout.shared.flatMap((path) => [layout.sharedDir(path), `${part}/${path}`, layout.sharedLink(path)]);
  const args = [layout.releasesPath, part, from === undefined ? "" : layout.dirOf(from), ...links];
  const result = await runScript(line, BUILD, args, ctx);
  if (result.exitCode === CAN_T_LINK) throw noHardLinks(line, layout, result);
  if (result.exitCode !== 0) throw failed(line, `build the release ${name} in ${layout.releasesPath}`, result);
  return parseFiles(result.stdout);
}

/** Lists the files of a directory on the server. */
export async function listRelease(line: SshLine, dir: string, ctx: LineCtx): Promise<Files> {
  const result = await runScript(line, `${LIST} list "$1"`, [dir], ctx);
  if (result.exitCode !== 0) throw failed(line, `list ${dir}`, result);
  return parseFiles(result.stdout);
}

/**
 * Takes releases away, and parts of such. Right before each the document root's link is read once more: what visitors
 * see stays. One that is going loses its name first, so that a half-removed one is never taken for whole.
 */
export async function removeReleases(
  line: SshLine,
  { path, releasesPath }: ReleaseLayout,
  names: readonly string[],
  ctx: LineCtx,
): Promise<void> {
  if (names.length === 0) return;
  const result = await runScript(line, REMOVE, [path, releasesPath, ...names], ctx);
  if (result.exitCode !== 0) throw failed(line, `remove ${names.join(", ")} in ${releasesPath}`, result);
}

/** The lines "<bytes> ./<path>". A line that is none belongs to the name before it: names may hold line breaks. */
function parseFiles(listing: string): Files {
  const files = new Map<string, number>();
  for (const entry of listing.split(/\n(?=\d+ \.\/)/)) {
    const [, size, path = ""] = /^(\d+) \.\/([\s\S]*?)\n?$/.exec(entry) ?? [];
    if (size !== undefined) files.set(path, Number(size));
  }
  return files;
}

function noHardLinks(line: SshLine, { releasesPath }: ReleaseLayout, { complaint }: ScriptResult): SmartsyncError {
  return new SmartsyncError(`can't build a release on ${line.place} by hard links in ${releasesPath}: ${complaint}`, {
    kind: "config",
    code: "no-hard-links",
    hint: "every file of the site must belong to the user who delivers, and the file system must know hard links; nothing that visitors see was changed",
  });
}

const UNCHANGED = "nothing that visitors see was changed";

/** A script that did not do its work. */
export function failed(line: SshLine, doing: string, { exitCode, complaint }: ScriptResult): SmartsyncError {
  const why = complaint || `exit code ${exitCode}`;
  const message = `could not ${doing} on ${line.place}: ${why}`;
  if (/Permission denied|Read-only file system/i.test(complaint)) {
    const hint = `${UNCHANGED}; let the user who delivers write beside the document root, where the releases and the link to them lie`;
    return new SmartsyncError(message, { kind: "config", code: "permission-denied", hint });
  }
  if (/No space left|quota/i.test(complaint)) {
    return new SmartsyncError(message, { kind: "config", code: "disk-full", hint: `${UNCHANGED}; free space there` });
  }
  const hint = `${UNCHANGED}; see what the server says, and run it again`;
  return new SmartsyncError(message, { kind: "conflict", code: "release-script-failed", hint });
}
