import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { diskLook } from "../contract/disk-look.ts";
import { testTarget } from "../contract/target-contract.ts";
import { startSshd } from "../servers/sshd.ts";
import { openRsyncOn } from "./rsync-server.ts";

testTarget("rsync, OpenSSH", async () => {
  const server = await startSshd();
  const baseDir = await mkdtemp(join(tmpdir(), "smartsync-rsync-"));
  return {
    open: () => openRsyncOn(server, baseDir),
    look: diskLook({
      root: server.root,
      stateDir: join(dirname(server.root), ".smartsync"),
      owner: { uid: server.uid, gid: server.uid },
    }),
    async stop() {
      await server.stop();
      await rm(baseDir, { recursive: true });
    },
  };
});
