import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "../deliveries/tool.ts";
import { smartsync } from "../smartsync.ts";
import type { SshBenchServer } from "./server.ts";

/** Ciphers as all of them choose by themselves; the user's own configuration must not decide. */
const SSH_OPTIONS = ["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"];

/** The tools compared, by the name `--tools` takes. */
export const SSH_TOOLS = {
  rsync: rsync("rsync", "-a"),
  "rsync-checksum": rsync("rsync -c", "-ac"),
  rclone: {
    label: "rclone sftp",
    settings: "`rclone sync --transfers 8 --checkers 8`",
    version: () => ["rclone", "version"],
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "rclone.conf");
      const settings = {
        ...{ type: "sftp", host: server.host, port: server.port, user: server.user, key_file: server.key },
        ...{ known_hosts_file: server.knownHosts, shell_type: "unix" },
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
      await writeFile(config, `[server]\n${lines.join("\n")}\n`);
      const many = ["--transfers", "8", "--checkers", "8"];
      return ["rclone", "sync", "--config", config, ...many, source, `server:${server.root}${remote}`];
    },
  },
  "smartsync-rsync": smartsyncOver("rsync"),
  "smartsync-sftp": smartsyncOver("sftp"),
} satisfies Record<string, Tool<SshBenchServer>>;

function rsync(label: string, flags: string): Tool<SshBenchServer> {
  return {
    label,
    settings: `\`rsync ${flags} --delete -e ssh\``,
    version: () => ["rsync", "--version"],
    async prepare({ host, port, user, key, knownHosts, root }, source, remote) {
      const shell = ["ssh", ...SSH_OPTIONS, "-o", `UserKnownHostsFile=${knownHosts}`, "-i", key, "-p", String(port)];
      return ["rsync", flags, "--delete", "-e", shell.join(" "), `${source}/`, `${user}@${host}:${root}${remote}/`];
    },
  };
}

function smartsyncOver(type: "rsync" | "sftp"): Tool<SshBenchServer> {
  return {
    label: `smartsync ${type}`,
    settings: `\`smartsync push --yes\`, type: ${type}`,
    version: () => smartsync("--version"),
    async prepare({ host, port, user, key, knownHosts, root }, source, remote, scratch) {
      const config = join(scratch, "smartsync.yaml");
      const web = { type, host, port, user, key, knownHosts, sshConfig: false, path: `${root}${remote}` };
      // JSON is YAML.
      await writeFile(config, JSON.stringify({ sites: { site: { source, targets: ["web"] } }, targets: { web } }));
      return smartsync("push", "--yes", "--config", config);
    },
  };
}
