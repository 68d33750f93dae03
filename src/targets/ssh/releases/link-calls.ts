import { SmartsyncError } from "../../../lib/errors.ts";
import { unlessMissing } from "../sftp-error.ts";
import type { SftpSessions } from "../sftp-session.ts";
import type { LineCtx } from "../ssh-line.ts";

/** What lies under a name, links not followed. */
export type Kind = "absent" | "directory" | "link" | "other";

/** The few SFTP requests that releases are looked at and switched with. */
export interface LinkCalls {
  kindOf(path: string, ctx: LineCtx): Promise<Kind>;
  /** What a symbolic link says; undefined when there is nothing, or something else. */
  readLink(path: string, ctx: LineCtx): Promise<string | undefined>;
  /** The names in a directory of what is a directory itself; none when it does not exist. */
  listDirs(path: string, ctx: LineCtx): Promise<string[]>;
  /** Makes `path` a symbolic link to `to`, by way of `temp`, in one step: whoever looks meets the old or the new one. */
  swing(path: string, to: string, temp: string, ctx: LineCtx): Promise<void>;
  /** Moves something away and lays a link in its place; no other request of this connection comes between the two. */
  moveAndLink(path: string, away: string, to: string, ctx: LineCtx): Promise<void>;
  /** Renames where nothing has the new name. */
  rename(from: string, to: string, ctx: LineCtx): Promise<void>;
  /** Removes a file or a link; an absent one is fine. */
  unlink(path: string, ctx: LineCtx): Promise<void>;
}

const RENAME = "posix-rename@openssh.com";

/** The calls of a target at this place ("deploy@web1.example.jp"). */
export function createLinkCalls(sessions: SftpSessions, place: string): LinkCalls {
  async function kindOf(path: string, ctx: LineCtx): Promise<Kind> {
    const session = await sessions(ctx);
    const stats = await unlessMissing(session.lstat(path, ctx));
    return stats === undefined ? "absent" : kindByMode(stats.mode);
  }

  return {
    kindOf,

    async readLink(path, ctx) {
      if ((await kindOf(path, ctx)) !== "link") return undefined;
      return (await sessions(ctx)).readlink(path, ctx);
    },

    async listDirs(path, ctx) {
      const session = await sessions(ctx);
      const handle = await unlessMissing(session.opendir(path, ctx));
      if (handle === undefined) return [];
      const names: string[] = [];
      try {
        for (let part = await session.readdir(handle, ctx); part; part = await session.readdir(handle, ctx)) {
          for (const { filename, attrs } of part) if (kindByMode(attrs.mode) === "directory") names.push(filename);
        }
      } finally {
        await session.close(handle, ctx);
      }
      return names;
    },

    async swing(path, to, temp, ctx) {
      const session = await sessions(ctx);
      if (!session.extensions.has(RENAME)) throw noAtomicSwitch(place);
      // Sent without waiting, in one round trip: whatever fails, what is read last tells whether the link is the new one.
      const results = await Promise.allSettled([
        unlessMissing(session.unlink(temp, ctx)),
        session.symlink(to, temp, ctx),
        session.posixRename(temp, path, ctx),
        session.readlink(path, ctx),
      ]);
      const [, , , there] = results;
      if (there.status === "fulfilled" && there.value === to) return;
      throwFirst(results);
      throw new SmartsyncError(`${path} was changed by somebody else while it was switched to ${to}`, {
        kind: "conflict",
        code: "switch-failed",
        hint: "run the same command again",
      });
    },

    async moveAndLink(path, away, to, ctx) {
      const session = await sessions(ctx);
      throwFirst(await Promise.allSettled([session.rename(path, away, ctx), session.symlink(to, path, ctx)]));
    },

    async rename(from, to, ctx) {
      await (await sessions(ctx)).rename(from, to, ctx);
    },

    async unlink(path, ctx) {
      await unlessMissing((await sessions(ctx)).unlink(path, ctx));
    },
  };
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function kindByMode(mode: number): Kind {
  const type = mode & 0o170000;
  return type === 0o040000 ? "directory" : type === 0o120000 ? "link" : "other";
}

function noAtomicSwitch(place: string): SmartsyncError {
  return new SmartsyncError(`can't switch releases on ${place}: the server can't rename over a link`, {
    kind: "config",
    code: "no-atomic-switch",
    hint: `releases need ${RENAME}, which OpenSSH has; without \`releases\` this target works`,
  });
}
