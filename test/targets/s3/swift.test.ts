import { BUCKET_TRAITS, bucketTarget } from "../../contract/bucket-target.ts";
import { testObjectStore } from "../../contract/object-store-contract.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { startSwift } from "../../servers/swift.ts";
import { storeServer } from "./store-server.ts";

/** An old compatible: neither conditions nor aws-chunked, and an MD5 with every deletion of many. */
const GENERIC = { preset: "generic" };

testObjectStore("Swift", async () => storeServer(await startSwift(), "store", GENERIC), { conditions: "unproven" });

testTarget("Swift", async () => bucketTarget(await storeServer(await startSwift(), "site", GENERIC)), BUCKET_TRAITS);
