import type { StoreLook, StoreServer } from "../../contract/object-store-contract.ts";
import { makeBucket, type S3Bucket } from "../../servers/s3-bucket.ts";
import type { S3Server } from "../../servers/s3-server.ts";
import { openStore } from "./s3-setting.ts";

/** A bucket of a server as what the object store contract is run against; `more` are the target's further settings. */
export async function storeServer(server: S3Server, name: string, more: object = {}): Promise<StoreServer> {
  const bucket = await makeBucket(server, name);
  return {
    open: () => openStore(server, name, more),
    look: storeLook(bucket),
    clear: () => bucket.clear(),
    stop: () => server.stop(),
  };
}

/** A bucket as the contract looks at it. */
function storeLook(bucket: S3Bucket): StoreLook {
  return {
    async headers(key) {
      const head = await bucket.head(key);
      const {
        CacheControl,
        ContentDisposition,
        ContentEncoding,
        ContentLanguage,
        ContentType,
        Metadata = {},
      } = head ?? {};
      const told = {
        "cache-control": CacheControl,
        "content-disposition": ContentDisposition,
        "content-encoding": ContentEncoding,
        "content-language": ContentLanguage,
        "content-type": ContentType,
        ...Object.fromEntries(Object.entries(Metadata).map(([name, value]) => [`meta-${name}`, value])),
      };
      return Object.fromEntries(
        Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
    },
    unfinished: () => bucket.openUploads(),
  };
}
