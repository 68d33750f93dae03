import { testObjectStore } from "../../contract/object-store-contract.ts";
import { memoryStoreServer } from "./memory-bucket.ts";

testObjectStore("memory", async () => memoryStoreServer(), { ownProcess: false });
