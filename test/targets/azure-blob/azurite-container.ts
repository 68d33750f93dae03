import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { azureBlobStore } from "../../../src/targets/azure-blob/azure-blob-store.ts";
import type { StoreServer } from "../../contract/object-store-contract.ts";
import type { AzuriteServer } from "../../servers/azurite.ts";
import { startAzurite } from "../../servers/azurite.ts";

/** A container on a server of its own, past smartsync. */
export async function makeContainer(server: AzuriteServer, name: string): Promise<ContainerClient> {
  const credential = new StorageSharedKeyCredential(server.account, server.accountKey);
  const client = new ContainerClient(`${server.endpoint}/${name}`, credential);
  await client.createIfNotExists();
  return client;
}

/** Deletes every blob of a container. */
async function emptyContainer(client: ContainerClient): Promise<void> {
  for await (const { name } of client.listBlobsFlat({ includeUncommitedBlobs: true })) {
    const blob = client.getBlockBlobClient(name);
    // Blocks that were never committed go with a blob that replaces them.
    await blob.upload("", 0);
    await blob.delete({ deleteSnapshots: "include" });
  }
}

/** Azurite as the server under the contract. */
export async function azuriteStore(): Promise<StoreServer> {
  const server = await startAzurite();
  const container = "$web";
  const client = await makeContainer(server, container);
  const key = Buffer.from(server.accountKey, "base64");
  return {
    open: async () =>
      azureBlobStore({ name: server.account, endpoint: server.endpoint, key }, { container, connections: 16 }),
    look: {
      async headers(key) {
        const found = await client.getBlobClient(key).getProperties();
        const told = {
          "content-type": found.contentType,
          "cache-control": found.cacheControl,
          "content-encoding": found.contentEncoding,
          "content-disposition": found.contentDisposition,
          "content-language": found.contentLanguage,
        };
        const metadata = Object.entries(found.metadata ?? {}).map(([name, value]) => [`meta-${name}`, value]);
        return Object.fromEntries([...Object.entries(told).filter(([, value]) => value), ...metadata]);
      },
    },
    clear: () => emptyContainer(client),
    stop: () => server.stop(),
  };
}
