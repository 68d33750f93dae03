import { rsyncTarget } from "../../src/targets/ssh/rsync-target.ts";
import type { Target } from "../../src/targets/target.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";
import type { SshServer } from "../servers/sshd.ts";

/** Opens a target on a server, logged in by key. */
export function openRsyncOn(
  server: SshServer,
  baseDir: string,
  more: object = {},
  ctx: TestCtx = testCtx(),
): Promise<Target> {
  const { host, port, user, key, knownHosts, path } = server;
  const config = rsyncTarget.schema.parse({
    type: "rsync",
    ...{ host, port, user, key, knownHosts, path, sshConfig: false },
    ...more,
  });
  return rsyncTarget.open(config, { name: "web1", baseDir }, ctx);
}
