import { startCephRgw } from "../../test/servers/ceph-rgw.ts";
import { makeBucket } from "../../test/servers/s3-bucket.ts";
import type { DeliveryBench } from "../deliveries/tool.ts";
import { writeSite } from "../site.ts";
import { type BucketServer, expectSameObjects } from "./bucket-server.ts";
import { S3_TOOLS } from "./s3-tools.ts";

const BUCKET = "www";

/** Starts a Ceph RGW with an empty bucket. */
async function startCeph(): Promise<BucketServer> {
  const ceph = await startCephRgw();
  const bucket = await makeBucket(ceph, BUCKET);
  return {
    ...{ endpoint: ceph.endpoint, bucket: BUCKET, user: ceph.accessKeyId, secret: ceph.secretAccessKey },
    async expectSame(source, remote) {
      const prefix = `${remote.slice(1)}/`;
      const objects = await bucket.list(prefix);
      const md5s = objects.map(
        ({ Key = "", ETag = "" }) => [Key.slice(prefix.length), ETag.replaceAll('"', "")] as const,
      );
      await expectSameObjects(source, new Map(md5s));
    },
    [Symbol.asyncDispose]: () => ceph.stop(),
  };
}

/** S3 as a real server speaks it, on loopback. */
export const cephBench: DeliveryBench<BucketServer> = {
  name: "s3",
  delayMs: 0,
  tools: S3_TOOLS,
  writeSource: (source, files) => writeSite(source, { files, entries: 960, minBytes: 1000, maxBytes: 22_000 }),
  startServer: startCeph,
};
