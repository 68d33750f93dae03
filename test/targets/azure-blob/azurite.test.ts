import { BUCKET_TRAITS, bucketTarget } from "../../contract/bucket-target.ts";
import { testObjectStore } from "../../contract/object-store-contract.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { azuriteStore } from "./azurite-container.ts";

testObjectStore("Azurite", azuriteStore);

testTarget("Azurite", async () => bucketTarget(await azuriteStore()), BUCKET_TRAITS);
