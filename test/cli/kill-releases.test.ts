import { existsSync, readdirSync, realpathSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { startSshd } from "../servers/sshd.ts";
import { killDeliveries } from "./kill-deliveries.ts";
import { sshSetting } from "./ssh-setting.ts";
import { treeOf } from "./workspace.ts";

const KILLS = 50;
const KEEP = 3;

test(`${KILLS} deliveries of releases killed at random moments: visitors see the old site or the new one, and one plain run later the new one`, async () => {
  await using server = await startSshd();
  // Time for each step, in which it can be killed.
  await using proxy = await startFlakyProxy(server, { latencyMs: 2 });
  // The document root is to be a link.
  rmdirSync(server.root);
  await killDeliveries(
    {
      name: "releases",
      root: server.root,
      setting: sshSetting("rsync", server, { host: proxy.host, releases: true, keep: KEEP }),
      checkKilled(before, after) {
        const served = treeOf(realpathSync(server.root));
        expect([before, after]).toContainEqual(served);
      },
      checkClean() {
        const www = dirname(server.root);
        expect(readdirSync(www).sort()).toEqual([".smartsync", "html", "html.releases"]);
        expect(existsSync(join(www, ".smartsync/html/.stage"))).toBe(false);
        const releases = readdirSync(join(www, "html.releases"));
        expect(releases.filter((name) => !/^\d{8}T\d{6}-[0-9a-f]{8}$/.test(name))).toEqual([]);
        expect(releases.length).toBeLessThanOrEqual(KEEP + 1);
      },
    },
    KILLS,
  );
}, 600_000);
