import { defineTarget } from "../target.ts";
import { azureBlobSchema } from "./azure-blob-schema.ts";

/** A container of Azure Blob Storage, `$web` mostly: the account's static website. */
export const azureBlobTarget = defineTarget({
  type: "azure-blob",
  schema: azureBlobSchema,
  describe({ account, connectionString, container, prefix }) {
    const name = account ?? /AccountName=([^;]*)/i.exec(connectionString ?? "")?.[1] ?? "?";
    return `azure-blob://${name}/${container}${prefix === "" ? "" : `/${prefix.replace(/\/$/, "")}`}`;
  },
  async open(config, options) {
    const { openAzureBlob } = await import("./open-azure-blob.ts");
    return openAzureBlob(config, options);
  },
});
