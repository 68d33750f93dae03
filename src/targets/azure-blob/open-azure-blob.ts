import { resolve } from "node:path";
import { objectTarget } from "../objects/object-target.ts";
import type { OpenOptions, Target } from "../target.ts";
import type { AzureBlobConfig } from "./azure-blob-schema.ts";
import { azureBlobStore } from "./azure-blob-store.ts";
import { readAccount } from "./sign-in.ts";

/** Opens the container of the site and that of the records; whether they are there is told by the first call. */
export function openAzureBlob(config: AzureBlobConfig, { name, baseDir }: OpenOptions): Target {
  const { container, prefix, connections, tier, stateContainer = container } = config;
  const account = readAccount(config, (file) => resolve(baseDir, file), process.env);
  const store = azureBlobStore(account, { container, connections, ...(tier && { tier }) });
  const isApart = stateContainer !== container;
  const state = {
    store: isApart ? azureBlobStore(account, { container: stateContainer, connections }) : store,
    prefix: config.statePrefix ?? (isApart ? `${container}/${prefix}` : `${prefix}.smartsync/`),
  };
  return objectTarget({ name, store, prefix, state });
}
