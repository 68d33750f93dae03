import type { Ctx } from "../core/context.ts";
import { decodeManifest } from "../core/manifest.ts";
import type { RelPath } from "../core/rel-path.ts";
import type { RemoteFile } from "../core/snapshot.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Release, Target } from "../targets/target.ts";
import { recordName } from "./observe.ts";

/** A release that a target can be switched to. */
export interface FoundRelease {
  readonly name: string;
  readonly files: ReadonlyMap<RelPath, RemoteFile>;
}

/** A release, and whether it can be switched to: what one holds that was never served, nobody knows. */
export interface KnownRelease extends Release {
  readonly recorded: boolean;
}

/** The releases of a target, newest first. Throws "no-releases" (kind config) when it keeps none. */
export async function listReleases(name: string, { releases, state }: Target, ctx: Ctx): Promise<KnownRelease[]> {
  if (releases === undefined) throw noReleases(name);
  const [list, records] = await Promise.all([releases.list(ctx), state.list(ctx)]);
  return list.map((release) => ({ ...release, recorded: records.includes(recordName("manifest", release.name)) }));
}

/**
 * The release of this name, or whose name is the only one that begins so; without a name the last one before the one
 * that is served. Throws "release-unknown", "no-older-release" or "release-unrecorded".
 */
export async function findRelease(
  target: Target,
  list: readonly KnownRelease[],
  wanted: string | undefined,
  ctx: Ctx,
): Promise<FoundRelease> {
  const { name } = wanted === undefined ? findOlder(list) : findNamed(list, wanted);
  const record = await target.state.read(recordName("manifest", name), ctx);
  if (record === undefined) throw unrecorded(name);
  try {
    return { name, files: decodeManifest(record).files };
  } catch (cause) {
    throw unrecorded(name, cause);
  }
}

function findOlder(list: readonly KnownRelease[]): KnownRelease {
  const served = list.findIndex(({ current }) => current);
  const older = list.slice(served + 1).find(({ recorded }) => recorded);
  if (older !== undefined) return older;
  throw new SmartsyncError("there is no older release to go back to", {
    kind: "conflict",
    code: "no-older-release",
    hint: "`smartsync rollback --list` shows which there are; `keep` in the configuration says how many stay",
  });
}

function findNamed(list: readonly KnownRelease[], wanted: string): KnownRelease {
  const [first, ...others] = list.filter(({ name }) => name.startsWith(wanted));
  const exact = list.find(({ name }) => name === wanted) ?? (others.length === 0 ? first : undefined);
  if (exact !== undefined) return exact;
  const what = first === undefined ? "there is no release" : "there are several releases that begin with";
  throw new SmartsyncError(`${what} "${wanted}"`, {
    kind: "config",
    code: "release-unknown",
    hint: `there are: ${list.map(({ name }) => name).join(", ") || "none"}`,
  });
}

function unrecorded(name: string, cause?: unknown): SmartsyncError {
  return new SmartsyncError(`nobody knows what the release ${name} holds: its record is not there or damaged`, {
    kind: "conflict",
    code: "release-unrecorded",
    hint: "a delivery that was killed leaves such a release; choose another one with --to",
    cause,
  });
}

/** What is said of a target that has no releases, when there should be some. */
export function noReleases(...targets: readonly string[]): SmartsyncError {
  return new SmartsyncError(`no releases are kept by ${targets.join(", ")}`, {
    kind: "config",
    code: "no-releases",
    hint: "a target over SSH does with `releases: true`; any other is brought back by delivering the older site",
  });
}
