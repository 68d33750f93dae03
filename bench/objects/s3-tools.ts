import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "../deliveries/tool.ts";
import { smartsync } from "../smartsync.ts";
import type { BucketServer } from "./bucket-server.ts";
import { hugoTool } from "./hugo-tool.ts";

const REGION = "us-east-1";
/** Debian's; another in front of it on the path may be a script that starts it. */
const AWS = "/usr/bin/aws";

/** rclone refuses to start with the machine's own bundle of certificates, which plain HTTP does not need. */
const NO_BUNDLE = ["env", "--unset=AWS_CA_BUNDLE"];

function awsEnv({ user, secret }: BucketServer): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: REGION, AWS_DEFAULT_REGION: REGION };
}

function envOf(server: BucketServer): string[] {
  return [...NO_BUNDLE, ...Object.entries(awsEnv(server)).map(([name, value]) => `${name}=${value}`)];
}

/** The tools compared on S3, by the name `--tools` takes. */
export const S3_TOOLS = {
  rclone: {
    label: "rclone",
    settings: "`rclone sync --fast-list --checksum --transfers 64 --checkers 64`",
    version: () => ["rclone", "version"],
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "rclone.conf");
      const settings = {
        ...{ type: "s3", provider: "Ceph", endpoint: server.endpoint, region: REGION, force_path_style: true },
        ...{ access_key_id: server.user, secret_access_key: server.secret, no_check_bucket: true },
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
      await writeFile(config, `[server]\n${lines.join("\n")}\n`);
      const many = ["--fast-list", "--checksum", "--transfers", "64", "--checkers", "64"];
      return [...NO_BUNDLE, "rclone", "sync", "--config", config, ...many, source, `server:${server.bucket}${remote}`];
    },
  },
  aws: {
    label: "aws s3 sync",
    settings: "`aws s3 sync --delete`, max_concurrent_requests = 64",
    version: () => [AWS, "--version"],
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "aws-config");
      await writeFile(config, "[default]\ns3 =\n  max_concurrent_requests = 64\n  addressing_style = path\n");
      const to = ["--endpoint-url", server.endpoint, "--only-show-errors", "--delete"];
      const env = [...envOf(server), `AWS_CONFIG_FILE=${config}`];
      return [...env, AWS, "s3", "sync", ...to, source, `s3://${server.bucket}${remote}`];
    },
  },
  hugo: hugoTool(
    ({ endpoint, bucket }, remote) =>
      `s3://${bucket}?prefix=${remote.slice(1)}/&region=${REGION}&endpoint=${endpoint}&s3ForcePathStyle=true&disableSSL=true`,
    awsEnv,
  ),
  smartsync: {
    label: "smartsync",
    settings: "`smartsync push --yes`, type: s3",
    version: () => smartsync("--version"),
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "smartsync.yaml");
      const web = {
        ...{ type: "s3", preset: "ceph", endpoint: server.endpoint, region: REGION, bucket: server.bucket },
        ...{ prefix: `${remote.slice(1)}/`, accessKeyId: server.user, secretAccessKey: server.secret },
      };
      // JSON is YAML.
      await writeFile(config, JSON.stringify({ sites: { site: { source, targets: ["web"] } }, targets: { web } }));
      return smartsync("push", "--yes", "--config", config);
    },
  },
} satisfies Record<string, Tool<BucketServer>>;
