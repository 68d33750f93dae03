import { BUCKET_TRAITS, bucketTarget } from "../../contract/bucket-target.ts";
import { testObjectStore } from "../../contract/object-store-contract.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { startCephRgw } from "../../servers/ceph-rgw.ts";
import { storeServer } from "./store-server.ts";

testObjectStore("Ceph RGW", async () => storeServer(await startCephRgw(), "store"));

testTarget("Ceph RGW", async () => bucketTarget(await storeServer(await startCephRgw(), "site")), BUCKET_TRAITS);
