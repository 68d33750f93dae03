import { afterAll, beforeAll, test } from "vitest";
import { type CephServer, startCephRgw } from "../servers/ceph-rgw.ts";
import { makeBucket } from "../servers/s3-bucket.ts";
import { s3Setting } from "../targets/s3/s3-setting.ts";
import { killBucketDeliveries } from "./bucket-kills.ts";
import { lookIntoS3 } from "./bucket-looks.ts";

/** Deliveries killed in each bucket while they were running; 40 in all. */
const KILLS = 10;

let server: CephServer;
beforeAll(async () => {
  server = await startCephRgw();
});
afterAll(() => server?.stop());

test.concurrent.each([
  { name: "ordered-1", publish: "ordered" },
  { name: "ordered-2", publish: "ordered" },
  { name: "staged-1", publish: "staged" },
  { name: "staged-2", publish: "staged" },
] as const)(
  `${KILLS} deliveries to S3 killed at random moments ($name): each object is the old or the new one, and one plain run later the bucket is the site`,
  async ({ name, publish }) => {
    const bucket = await makeBucket(server, name);
    // Few at once, so that there is time to be killed in.
    const setting = s3Setting(server, name, { partSize: 5, connections: 8 });
    await killBucketDeliveries({ name: `Ceph RGW, ${name}`, setting, look: lookIntoS3(bucket), publish }, KILLS);
  },
  300_000,
);
