import { createHash } from "node:crypto";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { startAzurite } from "../../test/servers/azurite.ts";
import type { DeliveryBench } from "../deliveries/tool.ts";
import { writeSite } from "../site.ts";
import { AZURE_TOOLS } from "./azure-tools.ts";
import { type BucketServer, expectSameObjects } from "./bucket-server.ts";

const CONTAINER = "$web";

/** Starts Azurite with an empty `$web`. */
async function startAzure(): Promise<BucketServer> {
  const { endpoint, account, accountKey, stop } = await startAzurite();
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, accountKey));
  const container = service.getContainerClient(CONTAINER);
  await container.create();
  return {
    ...{ endpoint: new URL(endpoint).origin, bucket: CONTAINER, user: account, secret: accountKey },
    async expectSame(source, remote) {
      const prefix = `${remote.slice(1)}/`;
      const held = new Map<string, string>();
      for await (const { name, properties } of container.listBlobsFlat({ prefix })) {
        // What was sent in blocks may lie there without one.
        const md5 = properties.contentMD5 ?? md5Of(await container.getBlobClient(name).downloadToBuffer());
        held.set(name.slice(prefix.length), Buffer.from(md5).toString("hex"));
      }
      await expectSameObjects(source, held);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function md5Of(content: Uint8Array): Buffer {
  return createHash("md5").update(content).digest();
}

/** Azure Blob Storage, as Azurite speaks it. */
export const azureBench: DeliveryBench<BucketServer> = {
  name: "azure",
  delayMs: 0,
  tools: AZURE_TOOLS,
  writeSource: (source, files) => writeSite(source, { files, entries: 960, minBytes: 1000, maxBytes: 22_000 }),
  startServer: startAzure,
};
