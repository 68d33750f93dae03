import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startGcsEmulator } from "../../test/servers/gcs-emulator.ts";
import type { DeliveryBench, Tool } from "../deliveries/tool.ts";
import { writeSite } from "../site.ts";
import { smartsync } from "../smartsync.ts";
import { type BucketServer, expectSameObjects } from "./bucket-server.ts";
import { hugoTool } from "./hugo-tool.ts";

const BUCKET = "www-example";

/** The tools compared on Google Cloud Storage, by the name `--tools` takes. */
export const GCS_TOOLS = {
  hugo: hugoTool(
    (_server, remote) => `gs://${BUCKET}?prefix=${remote.slice(1)}/`,
    ({ endpoint, user }) => ({
      STORAGE_EMULATOR_HOST: new URL(endpoint).host,
      GOOGLE_APPLICATION_CREDENTIALS: user,
    }),
  ),
  smartsync: {
    label: "smartsync",
    settings: "`smartsync push --yes`, type: gcs",
    version: () => smartsync("--version"),
    async prepare({ endpoint, bucket }, source, remote, scratch) {
      const config = join(scratch, "smartsync.yaml");
      const web = { type: "gcs", endpoint, anonymous: true, bucket, prefix: `${remote.slice(1)}/` };
      // JSON is YAML.
      await writeFile(config, JSON.stringify({ sites: { site: { source, targets: ["web"] } }, targets: { web } }));
      return smartsync("push", "--yes", "--config", config);
    },
  },
} satisfies Record<string, Tool<BucketServer>>;

/** Starts the emulator, with an empty bucket. */
async function startGcs(scratch: string): Promise<BucketServer> {
  const { endpoint, stop } = await startGcsEmulator();
  // hugo wants credentials even where nobody looks at them.
  const credentials = join(scratch, "credentials.json");
  const nobody = { type: "authorized_user", client_id: "nobody", client_secret: "none", refresh_token: "none" };
  await writeFile(credentials, JSON.stringify(nobody));
  return {
    ...{ endpoint, bucket: BUCKET, user: credentials, secret: "" },
    async expectSame(source, remote) {
      const prefix = `${remote.slice(1)}/`;
      await expectSameObjects(source, await listMd5s(endpoint, prefix));
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function listMd5s(endpoint: string, prefix: string): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  let pageToken = "";
  do {
    const query = new URLSearchParams({ prefix, ...(pageToken && { pageToken }) });
    const answer = await fetch(`${endpoint}/storage/v1/b/${BUCKET}/o?${query}`);
    const page = (await answer.json()) as { items?: { name: string; md5Hash: string }[]; nextPageToken?: string };
    for (const { name, md5Hash } of page.items ?? []) {
      held.set(name.slice(prefix.length), Buffer.from(md5Hash, "base64").toString("hex"));
    }
    pageToken = page.nextPageToken ?? "";
  } while (pageToken !== "");
  return held;
}

/** Google Cloud Storage, as Firebase's emulator speaks it. */
export const gcsBench: DeliveryBench<BucketServer> = {
  name: "gcs",
  delayMs: 0,
  tools: GCS_TOOLS,
  writeSource: (source, files) => writeSite(source, { files, entries: 960, minBytes: 1000, maxBytes: 22_000 }),
  startServer: (_wire, scratch) => startGcs(scratch),
};
