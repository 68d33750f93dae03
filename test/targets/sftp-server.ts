import { dirname, join } from "node:path";
import { sftpTarget } from "../../src/targets/ssh/sftp-target.ts";
import type { Target } from "../../src/targets/target.ts";
import { diskLook } from "../contract/disk-look.ts";
import { type TargetServer, type TargetTraits, testTarget } from "../contract/target-contract.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";
import { type SshServer, type SshServerOptions, startSshd } from "../servers/sshd.ts";

/** What a server says that lacks everything OpenSSH has added to SFTP. */
export const BARE: SshServerOptions = {
  sftp: "none",
  settings: {
    Subsystem: "sftp internal-sftp -P posix-rename,hardlink,limits,fsync,statvfs,copy-data",
  },
};

/** Opens a target on a server, logged in by key. */
export function openOn(server: SshServer, more: object = {}, ctx: TestCtx = testCtx()): Promise<Target> {
  const { host, port, user, key, knownHosts, path } = server;
  const config = sftpTarget.schema.parse({
    type: "sftp",
    ...{ host, port, user, key, knownHosts, path, sshConfig: false },
    ...more,
  });
  return sftpTarget.open(config, { name: "web", baseDir: "/" }, ctx);
}

/** Runs the target contract against a real server. */
export function contract(name: string, options: SshServerOptions, lacking: Partial<TargetTraits> = {}): void {
  const setup = async (): Promise<TargetServer> => {
    const server = await startSshd(options);
    return {
      open: () => openOn(server),
      look: diskLook({
        root: server.root,
        stateDir: join(dirname(server.root), ".smartsync"),
        owner: { uid: server.uid, gid: server.uid },
      }),
      stop: () => server.stop(),
    };
  };
  testTarget(name, setup, lacking);
}
