import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { startSshd } from "../servers/sshd.ts";
import { killDeliveries } from "./kill-deliveries.ts";
import { sshSetting } from "./ssh-setting.ts";

const KILLS = 50;

test(`${KILLS} deliveries by rsync killed at random moments: every file is the old or the new one, and one plain run later the server is the source`, async () => {
  await using server = await startSshd();
  // Time for each step, in which it can be killed.
  await using proxy = await startFlakyProxy(server, { latencyMs: 2 });
  await killDeliveries(
    {
      name: "rsync",
      root: server.root,
      setting: sshSetting("rsync", server, { host: proxy.host }),
      checkClean(killed) {
        const www = dirname(server.root);
        expect(readdirSync(www).sort()).toEqual([".smartsync", "html"]);
        expect(existsSync(join(www, ".smartsync/html/.stage"))).toBe(false);
        const spools = readdirSync("/dev/shm").filter((name) => name.startsWith("smartsync-spool_"));
        const left = spools.filter((name) => killed.some((pid) => name.includes(`_${pid}_`)));
        expect(left).toEqual([]);
      },
    },
    KILLS,
  );
}, 600_000);
