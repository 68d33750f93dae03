import { afterAll, beforeAll, describe, test } from "vitest";
import type { ObjectStore } from "../../src/targets/objects/object-store.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";
import { attributeCases } from "./object-store/attribute-cases.ts";
import { conditionCases } from "./object-store/condition-cases.ts";
import { copyCases } from "./object-store/copy-cases.ts";
import { holdCases } from "./object-store/hold-cases.ts";
import { keyCases } from "./object-store/key-cases.ts";
import { largeCases } from "./object-store/large-cases.ts";
import { listCases } from "./object-store/list-cases.ts";
import { putCases } from "./object-store/put-cases.ts";
import { removeCases } from "./object-store/remove-cases.ts";
import { stopCases } from "./object-store/stop-cases.ts";

/** What lies in a bucket, past the store. */
export interface StoreLook {
  /**
   * What visitors are told of an object: headers by their lower-case names, custom metadata as "meta-" and its name,
   * whatever the provider puts before it. What smartsync or the server adds of its own may be among them.
   */
  headers(key: string): Promise<Record<string, string>>;
  /** The keys under which bytes lie that belong to no object: parts of uploads; absent where the server does not tell. */
  unfinished?(): Promise<string[]>;
}

/** A server under test, and stores on it: always the same bucket. */
export interface StoreServer {
  open(): Promise<ObjectStore>;
  readonly look: StoreLook;
  /** Empties the bucket, of unfinished uploads too. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** What the store is expected to do on this server. */
export interface StoreTraits {
  /** `ObjectStore.conditions`; only where it is "yes" is it tried. */
  readonly conditions: ObjectStore["conditions"];
  /** Lists and heads of objects put in one piece say their MD5. */
  readonly md5: boolean;
  /** The server runs outside of this process, so that what the store itself keeps in memory can be measured. */
  readonly ownProcess: boolean;
}

/** What each case is handed: a freshly opened store on an empty bucket. */
interface StoreStage {
  readonly server: StoreServer;
  readonly look: StoreLook;
  readonly store: ObjectStore;
  readonly ctx: TestCtx;
}

/** `test`, with the stage as its fixtures. */
export type StoreTest = ReturnType<typeof stageTest>;

/** Runs every case of the object store contract. `setup` starts the server once; traits that are left out are expected. */
export function testObjectStore(
  name: string,
  setup: () => Promise<StoreServer>,
  lacking: Partial<StoreTraits> = {},
): void {
  const traits: StoreTraits = { conditions: "yes", md5: true, ownProcess: true, ...lacking };
  describe(`object store contract: ${name}`, () => {
    let server: StoreServer | undefined;
    beforeAll(async () => {
      server = await setup();
    });
    afterAll(() => server?.stop());
    const it = stageTest(() => {
      if (server === undefined) throw new Error("the server under test did not start");
      return server;
    });
    putCases(it, traits);
    attributeCases(it);
    conditionCases(it, traits);
    keyCases(it);
    listCases(it, traits);
    largeCases(it, traits);
    copyCases(it);
    holdCases(it);
    removeCases(it);
    stopCases(it);
  });
}

function stageTest(server: () => StoreServer) {
  return test.extend<StoreStage>({
    server: async ({ task: _ }, use) => use(server()),
    look: async ({ server }, use) => use(server.look),
    ctx: async ({ task: _ }, use) => use(testCtx()),
    store: async ({ server }, use) => {
      await server.clear();
      await using store = await server.open();
      await use(store);
    },
  });
}
