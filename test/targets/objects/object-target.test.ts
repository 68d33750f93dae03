import { BUCKET_TRAITS, bucketTarget } from "../../contract/bucket-target.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { memoryStoreServer } from "./memory-bucket.ts";

testTarget("a bucket in memory", async () => bucketTarget(memoryStoreServer()), BUCKET_TRAITS);

testTarget(
  "a part of a bucket in memory, its records elsewhere in it",
  async () => bucketTarget(memoryStoreServer(), { prefix: "サイト/docs/", statePrefix: "records/docs/" }),
  BUCKET_TRAITS,
);
