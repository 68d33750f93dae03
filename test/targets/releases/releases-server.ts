import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { chown, lstat, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { rsyncTarget } from "../../../src/targets/ssh/rsync-target.ts";
import { sftpTarget } from "../../../src/targets/ssh/sftp-target.ts";
import type { Target } from "../../../src/targets/target.ts";
import { diskLook } from "../../contract/disk-look.ts";
import type { Look, TargetServer } from "../../contract/target-contract.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { type SshServer, type SshServerOptions, startSshd } from "../../servers/sshd.ts";

/** A server whose document root is laid out for releases, or will be by the first delivery. */
export interface ReleasesServer extends TargetServer, AsyncDisposable {
  readonly sshd: SshServer;
  readonly look: Look;
  /** Where the releases lie, on this machine's disk. */
  readonly releases: string;
  open(settings?: Record<string, unknown>): Promise<Target>;
}

/** Starts sshd, and opens targets of a type with `releases: true` on it. */
export async function startReleasesServer(
  options: SshServerOptions = {},
  type: typeof sftpTarget | typeof rsyncTarget = sftpTarget,
): Promise<ReleasesServer> {
  const sshd = await startSshd(options);
  const { host, port, user, key, knownHosts, path, root, uid } = sshd;
  const above = dirname(root);
  const releases = `${root}.releases`;
  const owner = { uid, gid: uid };
  const disk = diskLook({ root, stateDir: join(above, ".smartsync"), owner });
  const wipe = () => {
    for (const gone of [root, releases, join(above, ".smartsync")]) rmSync(gone, { recursive: true, force: true });
  };
  wipe();

  /** What an account would have to look like before anything is laid there past the target: with one release. */
  async function layOut(): Promise<void> {
    const there = await lstat(root).catch(() => undefined);
    if (there !== undefined) return;
    const release = join(releases, "before-20260101T000000");
    await mkdir(release, { recursive: true });
    for (const dir of [releases, release]) await chown(dir, uid, uid);
    await symlink("html.releases/before-20260101T000000", root);
  }

  const stop = () => sshd.stop();
  return {
    sshd,
    releases,
    look: {
      ...disk,
      async write(file, content) {
        await layOut();
        await disk.write(file, content);
      },
      async clear() {
        wipe();
      },
    },
    open(settings = {}) {
      const config = {
        type: type.type,
        ...{ host, port, user, key, knownHosts, path },
        sshConfig: false,
        releases: true,
        ...settings,
      };
      const about = { name: "web1", baseDir: sshd.home };
      if (type === rsyncTarget) return rsyncTarget.open(rsyncTarget.schema.parse(config), about, testCtx());
      return sftpTarget.open(sftpTarget.schema.parse(config), about, testCtx());
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Everything below a directory, as find sees it: type, inode, size, name, and what links say. */
export function treeListing(dir: string): string[] {
  const found = execFileSync("find", [dir, "-printf", "%y %s %P %l\n"], { encoding: "utf8" });
  return found.split("\n").sort();
}
