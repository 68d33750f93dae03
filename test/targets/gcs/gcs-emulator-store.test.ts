import { testObjectStore } from "../../contract/object-store-contract.ts";
import { startEmulatedBucket } from "./emulated-bucket.ts";

testObjectStore("gcs, on Firebase's emulator", startEmulatedBucket, { conditions: "unproven" });
