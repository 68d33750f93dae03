import { Storage } from "@google-cloud/storage";
import { noTokens } from "../../../src/cloud/access-tokens.ts";
import { createGcsStore } from "../../../src/targets/gcs/gcs-store.ts";
import { createGcsWire } from "../../../src/targets/gcs/gcs-wire.ts";
import type { StoreServer } from "../../contract/object-store-contract.ts";
import { startGcsEmulator } from "../../servers/gcs-emulator.ts";

const BUCKET = "www-example";

/** The emulator with one bucket, looked at with Google's own SDK. */
export async function startEmulatedBucket(): Promise<StoreServer> {
  const emulator = await startGcsEmulator();
  const { endpoint } = emulator;
  const sdk = new Storage({ apiEndpoint: endpoint, projectId: "demo", useAuthWithCustomEndpoint: false }).bucket(
    BUCKET,
  );
  return {
    async open() {
      const wire = createGcsWire({ endpoint, tokens: noTokens, connections: 16 });
      return createGcsStore({ bucket: BUCKET, wire }, { connections: 16, isGoogles: false });
    },
    look: {
      async headers(key) {
        const [about] = await sdk.file(key).getMetadata();
        const given = {
          "content-type": about.contentType,
          "cache-control": about.cacheControl,
          "content-encoding": about.contentEncoding,
          "content-disposition": about.contentDisposition,
          "content-language": about.contentLanguage,
        };
        const metadata = Object.entries(about.metadata ?? {}).map(([name, value]) => [`meta-${name}`, `${value}`]);
        return Object.fromEntries([...Object.entries(given).filter(([, value]) => value), ...metadata]);
      },
    },
    clear: () => sdk.deleteFiles({ force: true }),
    stop: () => emulator.stop(),
  };
}
