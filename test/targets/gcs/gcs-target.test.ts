import { BUCKET_TRAITS, bucketTarget } from "../../contract/bucket-target.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { startEmulatedBucket } from "./emulated-bucket.ts";
import { startFakeBucket } from "./fake-bucket.ts";

testTarget("gcs, on the strict fake", async () => bucketTarget(await startFakeBucket()), BUCKET_TRAITS);

testTarget(
  "gcs, a part of a bucket, its records elsewhere in it",
  async () => bucketTarget(await startFakeBucket(), { prefix: "サイト/docs/", statePrefix: "records/docs/" }),
  BUCKET_TRAITS,
);

testTarget("gcs, on Firebase's emulator", async () => bucketTarget(await startEmulatedBucket()), BUCKET_TRAITS);
