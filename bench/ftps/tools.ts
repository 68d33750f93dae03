import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runChecked } from "../run-command.ts";
import { smartsync } from "../smartsync.ts";
import type { FtpServer } from "./server.ts";

/** A tool that can make a directory on an FTPS server equal to a local one. */
export interface Tool {
  /** How it is called in the tables. */
  readonly label: string;
  /** What of its settings matters for a fair comparison. */
  readonly settings: string;
  /** A command whose first line of output has the version. */
  readonly version: readonly string[];
  /**
   * Gives the command that delivers `source` into `remote`, a directory below the account's root. What it needs or
   * remembers between runs goes to `scratch`.
   */
  prepare(server: FtpServer, source: string, remote: string, scratch: string): Promise<string[]>;
}

/** How many connections every tool may open. */
const CONNECTIONS = 8;

/** The tools compared, by the name `--tools` takes. */
export const TOOLS = {
  lftp: lftp("lftp", ""),
  "lftp-pipelined": lftp("lftp pipelined", "ftp:sync-mode off"),
  rclone: {
    label: "rclone",
    settings: "`rclone sync --transfers 8 --checkers 8`, concurrency = 8",
    version: ["rclone", "version"],
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
    version: smartsync("--version"),
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
} satisfies Record<string, Tool>;

/** The name of a tool. */
export type ToolName = keyof typeof TOOLS;

function lftp(label: string, setting: string): Tool {
  const set = setting === "" ? "" : `set ${setting}; `;
  return {
    label,
    settings: `\`lftp -e "${set}mirror -R --parallel=8 --delete"\``,
    version: ["lftp", "--version"],
    async prepare(server, source, remote) {
      const tls = "set ssl:verify-certificate no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; ";
      const script = `${tls}${set}mirror -R --parallel=${CONNECTIONS} --delete ${source} ${remote}; exit`;
      const address = `ftp://${server.host}:${server.port}`;
      return ["lftp", "--norc", "-u", `${server.user},${server.password}`, "-e", script, address];
    },
  };
}
