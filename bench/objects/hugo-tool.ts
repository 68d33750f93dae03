import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "../deliveries/tool.ts";
import type { BucketServer } from "./bucket-server.ts";

/**
 * `hugo deploy`, which sends a finished site to a bucket: `urlOf` gives where, in the words of Go's CDK
 * (https://gocloud.dev/howto/blob/), `envOf` what it takes from the environment.
 */
export function hugoTool(
  urlOf: (server: BucketServer, remote: string) => string,
  envOf: (server: BucketServer) => Readonly<Record<string, string>>,
): Tool<BucketServer> {
  return {
    label: "hugo deploy",
    settings: "`hugo deploy --maxDeletes -1`",
    version: () => ["hugo", "version"],
    async prepare(server, source, remote, scratch) {
      const config = join(scratch, "hugo.json");
      const deployment = { targets: [{ name: "bucket", url: urlOf(server, remote) }] };
      await writeFile(config, JSON.stringify({ baseURL: "http://example.jp/", publishDir: source, deployment }));
      const env = Object.entries(envOf(server)).map(([name, value]) => `${name}=${value}`);
      const options = ["--config", config, "--source", scratch, "--target", "bucket", "--maxDeletes", "-1"];
      return ["env", "--unset=AWS_CA_BUNDLE", ...env, "hugo", "deploy", ...options];
    },
  };
}
