import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "../deliveries/tool.ts";
import { runChecked } from "../run-command.ts";
import { smartsync } from "../smartsync.ts";
import type { FtpServer } from "./server.ts";

/** How many connections every tool may open. */
const CONNECTIONS = 8;

/** The tools compared, by the name `--tools` takes. */
export const TOOLS = {
  lftp: lftp("lftp", ""),
  "lftp-pipelined": lftp("lftp pipelined", "ftp:sync-mode off"),
  rclone: {
    label: "rclone",
    settings: "`rclone sync --transfers 8 --checkers 8`, concurrency = 8",
    version: () => ["rclone", "version"],
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "rclone.conf");
      const password = (await runChecked(["rclone", "obscure", server.password])).stdout.trim();
      const settings = {
        ...{ type: "ftp", host: server.host, port: server.port, user: server.user, pass: password },
        ...{ explicit_tls: true, no_check_certificate: true, concurrency: CONNECTIONS },
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
      await writeFile(config, `[server]\n${lines.join("\n")}\n`);
      const many = ["--transfers", String(CONNECTIONS), "--checkers", String(CONNECTIONS)];
      return ["rclone", "sync", "--config", config, ...many, source, `server:${remote}`];
    },
  },
  smartsync: {
    label: "smartsync",
    settings: "`smartsync push --yes`, connections: 8",
    version: () => smartsync("--version"),
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "smartsync.yaml");
      const target = {
        ...{ type: "ftps", host: server.host, port: server.port, user: server.user, password: server.password },
        ...{ fingerprint: server.fingerprint, path: remote, statePath: `${remote}-state`, connections: CONNECTIONS },
      };
      // JSON is YAML.
      await writeFile(
        config,
        JSON.stringify({ sites: { site: { source, targets: ["web"] } }, targets: { web: target } }),
      );
      return smartsync("push", "--yes", "--config", config);
    },
  },
} satisfies Record<string, Tool<FtpServer>>;

function lftp(label: string, setting: string): Tool<FtpServer> {
  const set = setting === "" ? "" : `set ${setting}; `;
  return {
    label,
    settings: `\`lftp -e "${set}mirror -R --parallel=8 --delete"\``,
    version: () => ["lftp", "--version"],
    async prepare(server, source, remote) {
      const tls = "set ssl:verify-certificate no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; ";
      const script = `${tls}${set}mirror -R --parallel=${CONNECTIONS} --delete ${source} ${remote}; exit`;
      const address = `ftp://${server.host}:${server.port}`;
      return ["lftp", "--norc", "-u", `${server.user},${server.password}`, "-e", script, address];
    },
  };
}
