import { test } from "vitest";
import { startAzurite } from "../servers/azurite.ts";
import { BUCKET, startFakeBucket } from "../targets/gcs/fake-bucket.ts";
import { killBucketDeliveries } from "./bucket-kills.ts";
import { lookIntoAzure, lookIntoGcs } from "./bucket-looks.ts";

/** Deliveries killed in each store while they were running. */
const KILLS = 5;

test.concurrent.each(["ordered", "staged"] as const)(
  `${KILLS} deliveries (%s) to Azure killed at random moments: each blob is the old or the new one, and one plain run later the container is the site`,
  async (publish) => {
    await using server = await startAzurite();
    const { account, accountKey, endpoint } = server;
    const setting = { type: "azure-blob", account, accountKey, endpoint, connections: 8 };
    const look = await lookIntoAzure(server, "$web");
    await killBucketDeliveries({ name: `Azurite, ${publish}`, setting, look, publish, setsHeadersInTwo: true }, KILLS);
  },
  300_000,
);

test.concurrent.each(["ordered", "staged"] as const)(
  `${KILLS} deliveries (%s) to Google Cloud Storage killed at random moments: each object is the old or the new one, and one plain run later the bucket is the site`,
  async (publish) => {
    await using server = await startFakeBucket({ delayMs: 2 });
    const { fake, keyFile } = server;
    const setting = { type: "gcs", bucket: BUCKET, endpoint: fake.endpoint, keyFile, connections: 8 };
    const look = lookIntoGcs(fake, BUCKET);
    await killBucketDeliveries({ name: `the fake of GCS, ${publish}`, setting, look, publish }, KILLS);
  },
  300_000,
);
