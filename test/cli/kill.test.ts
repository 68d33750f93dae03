import { describe, test } from "vitest";
import type { FtpServer } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { ftpsSetting } from "./ftps-setting.ts";
import { killDeliveries } from "./kill-deliveries.ts";

/** Deliveries killed on each server while they were running; 60 in all. */
const KILLS = 20;

const servers: Record<string, () => Promise<FtpServer>> = {
  vsftpd: () => startVsftpd({}),
  ProFTPD: () => startProftpd({}),
  "Pure-FTPd": () => startPureFtpd({}),
};

describe.each(Object.entries(servers))("kill -9 against %s", (_name, start) => {
  test(`${KILLS} deliveries killed at random moments: one plain run later the server is byte-equal to the source`, async () => {
    await using server = await start();
    await killDeliveries({ name: server.name, root: server.root, setting: ftpsSetting(server) }, KILLS);
  }, 600_000);
});
