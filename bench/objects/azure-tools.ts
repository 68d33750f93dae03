import { chmodSync, existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { Tool } from "../deliveries/tool.ts";
import { runChecked } from "../run-command.ts";
import { smartsync } from "../smartsync.ts";
import type { BucketServer } from "./bucket-server.ts";
import { hugoTool } from "./hugo-tool.ts";

const AZCOPY_VERSION = "10.32.2";
const AZCOPY_FOLDER = join(import.meta.dirname, `../../.cache/azcopy-${AZCOPY_VERSION}`);
const AZCOPY = join(AZCOPY_FOLDER, "node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64");
const HOUR_MS = 3_600_000;

/** Lays azcopy in `.cache`, where it isn't yet: its npm package holds the program Microsoft publishes. */
export async function ensureAzcopy(): Promise<void> {
  if (!existsSync(AZCOPY)) {
    const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", AZCOPY_FOLDER];
    await runChecked(["npm", "install", ...options, `@azure-tools/azcopy-linux@${AZCOPY_VERSION}`]);
  }
  chmodSync(AZCOPY, 0o755);
}

/** The tools compared on Azure Blob Storage, by the name `--tools` takes. */
export const AZURE_TOOLS = {
  "azcopy-sync": {
    label: "azcopy sync",
    settings: "`azcopy sync --delete-destination=true`",
    version: () => [AZCOPY, "--version"],
    async prepare(server, source, remote, scratch) {
      const options = ["--delete-destination=true", "--from-to=LocalBlob", "--output-level=quiet"];
      return [...azcopyEnv(scratch), AZCOPY, "sync", source, addressOf(server, remote), ...options];
    },
  },
  "azcopy-copy": {
    label: "azcopy copy",
    settings: "`azcopy copy --recursive`, which sends everything and deletes nothing",
    version: () => [AZCOPY, "--version"],
    async prepare(server, source, remote, scratch) {
      const options = ["--recursive", "--from-to=LocalBlob", "--output-level=quiet"];
      return [...azcopyEnv(scratch), AZCOPY, "copy", `${source}/*`, addressOf(server, remote), ...options];
    },
  },
  hugo: hugoTool(
    ({ bucket }, remote) => `azblob://${bucket}?prefix=${remote.slice(1)}/`,
    ({ endpoint, user, secret }) => ({
      AZURE_STORAGE_ACCOUNT: user,
      AZURE_STORAGE_KEY: secret,
      AZURE_STORAGE_DOMAIN: new URL(endpoint).host,
      AZURE_STORAGE_PROTOCOL: "http",
      AZURE_STORAGE_IS_LOCAL_EMULATOR: "true",
    }),
  ),
  smartsync: {
    label: "smartsync",
    settings: "`smartsync push --yes`, type: azure-blob",
    version: () => smartsync("--version"),
    async prepare({ endpoint, bucket, user, secret }, source, remote, scratch) {
      const config = join(scratch, "smartsync.yaml");
      const web = {
        ...{ type: "azure-blob", endpoint: `${endpoint}/${user}`, account: user, accountKey: secret },
        ...{ container: bucket, prefix: `${remote.slice(1)}/` },
      };
      // JSON is YAML.
      await writeFile(config, JSON.stringify({ sites: { site: { source, targets: ["web"] } }, targets: { web } }));
      return smartsync("push", "--yes", "--config", config);
    },
  },
} satisfies Record<string, Tool<BucketServer>>;

function azcopyEnv(scratch: string): string[] {
  return ["env", `AZCOPY_LOG_LOCATION=${scratch}/azcopy`, `AZCOPY_JOB_PLAN_LOCATION=${scratch}/azcopy`];
}

/** The address of a folder in the container, with a signature that is good for an hour. */
function addressOf({ endpoint, bucket, user, secret }: BucketServer, remote: string): string {
  const signature = generateAccountSASQueryParameters(
    {
      expiresOn: new Date(Date.now() + HOUR_MS),
      permissions: AccountSASPermissions.parse("rwdlacup"),
      resourceTypes: AccountSASResourceTypes.parse("sco").toString(),
      services: AccountSASServices.parse("b").toString(),
      protocol: SASProtocol.HttpsAndHttp,
    },
    new StorageSharedKeyCredential(user, secret),
  );
  return `${endpoint}/${user}/${bucket}${remote}?${signature}`;
}
