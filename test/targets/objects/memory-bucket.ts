import type { ServingHeaders } from "../../../src/core/serving.ts";
import type { StoreServer } from "../../contract/object-store-contract.ts";
import { createMemoryBucket, type MemoryBucket } from "../../doubles/memory-object-store.ts";

/** A bucket in memory as a server under test. */
export function memoryStoreServer(bucket: MemoryBucket = createMemoryBucket()): StoreServer {
  return {
    open: async () => bucket.open(),
    look: {
      headers: async (key) => headersOf(bucket.objects.get(key)?.attributes.serving),
      unfinished: async () => [...bucket.held.values()].map(({ key }) => key),
    },
    async clear() {
      bucket.objects.clear();
      bucket.held.clear();
    },
    stop: async () => {},
  };
}

/** What visitors would be told of an object that is served so. */
function headersOf(serving: ServingHeaders | undefined): Record<string, string> {
  if (serving === undefined) return {};
  const headers = {
    "content-type": serving.contentType,
    "cache-control": serving.cacheControl,
    "content-encoding": serving.contentEncoding,
    "content-disposition": serving.contentDisposition,
    "content-language": serving.contentLanguage,
  };
  const metadata = Object.entries(serving.metadata ?? {}).map(([name, value]) => [`meta-${name}`, value]);
  return Object.fromEntries([...Object.entries(headers).filter(([, value]) => value !== undefined), ...metadata]);
}
