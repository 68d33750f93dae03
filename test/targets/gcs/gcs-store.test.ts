import { testObjectStore } from "../../contract/object-store-contract.ts";
import { startFakeBucket } from "./fake-bucket.ts";

testObjectStore("gcs, on the strict fake", startFakeBucket, { ownProcess: false });
