import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../src/targets/target.ts";
import { type TestCtx, testCtx } from "../doubles/test-ctx.ts";
import { abortCases } from "./target/abort-cases.ts";
import { failedPutCases } from "./target/failed-put-cases.ts";
import { listCases } from "./target/list-cases.ts";
import { lockCases } from "./target/lock-cases.ts";
import { nameCases } from "./target/name-cases.ts";
import { putCases } from "./target/put-cases.ts";
import { removeCases } from "./target/remove-cases.ts";
import { servingCases } from "./target/serving-cases.ts";
import { stageCases } from "./target/stage-cases.ts";
import { stageLifeCases } from "./target/stage-life-cases.ts";
import { stageRevertCases } from "./target/stage-revert-cases.ts";
import { stateCases } from "./target/state-cases.ts";

/** The server's own disk, past the target. Paths are relative to the document root, in Unicode. */
export interface Look {
  /** The content; undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Lays a file there that the target did not put, readable and removable by the target's user. */
  write(path: string, content: Uint8Array): Promise<void>;
  /** Every file in the document root, temporary ones included, smartsync's state (`.smartsync/`) left out. */
  listAll(): Promise<string[]>;
  /** Every file smartsync keeps there of its own: records, lock, and what is staged. */
  listState(): Promise<string[]>;
  /** Time and permission bits of a file or directory; undefined when there is none. */
  stat(path: string): Promise<{ mtimeMs: number; mode: number; isDirectory: boolean } | undefined>;
  /** How visitors are answered, by `StoreLook.headers`' names; only of targets that answer them. */
  headers?(path: string): Promise<Record<string, string>>;
  /** Takes the document root and the state away, as before a first delivery. */
  clear(): Promise<void>;
}

/** A server under test, and targets on it. */
export interface TargetServer {
  /** Opens a new target, always on the same document root and state. */
  open(): Promise<Target>;
  readonly look: Look;
  stop(): Promise<void>;
}

/** What this target is expected to do; its caps must say the same. */
export interface TargetTraits {
  readonly atomicReplace: boolean;
  readonly mtimes: boolean;
  readonly modes: boolean;
  /** Puts go through a temporary file in the document root. */
  readonly temporaryFiles: boolean;
  /** A delivery can be laid beside what visitors see, and published in one go. */
  readonly stages: boolean;
  /** Files lie in directories; where there are only names, `about` and `about/index.html` lie side by side. */
  readonly directories: boolean;
  /** Keeps headers, serves files as they say and lists the whole site on every run, as buckets do. */
  readonly servesVisitors: boolean;
}

/** What each case is handed: a freshly opened target on an empty server. */
interface TargetStage {
  readonly server: TargetServer;
  readonly look: Look;
  readonly target: Target;
  readonly ctx: TestCtx;
}

/** `test`, with the stage as its fixtures. */
export type TargetTest = ReturnType<typeof stageTest>;

/** Runs every case of the target contract. `setup` starts the server once; traits that are left out are expected. */
export function testTarget(
  name: string,
  setup: () => Promise<TargetServer>,
  lacking: Partial<TargetTraits> = {},
): void {
  const traits: TargetTraits = {
    atomicReplace: true,
    mtimes: true,
    modes: true,
    temporaryFiles: true,
    stages: true,
    directories: true,
    servesVisitors: false,
    ...lacking,
  };
  describe(`target contract: ${name}`, () => {
    let server: TargetServer | undefined;
    beforeAll(async () => {
      server = await setup();
    });
    afterAll(() => server?.stop());
    const it = stageTest(() => {
      if (server === undefined) throw new Error("the server under test did not start");
      return server;
    });

    it("caps say what the target can really do", ({ target }) => {
      const { atomicReplace, mtimes, modes } = target.caps;
      expect({ atomicReplace, mtimes, modes }).toEqual({
        atomicReplace: traits.atomicReplace,
        mtimes: traits.mtimes,
        modes: traits.modes,
      });
      expect(target.caps.servesVisitors ?? false).toBe(traits.servesVisitors);
      expect(target.caps.names.flat ?? false).toBe(!traits.directories);
      expect(target.caps.concurrency).toBeGreaterThan(0);
    });
    putCases(it, traits);
    failedPutCases(it, traits);
    nameCases(it);
    listCases(it);
    removeCases(it, traits);
    stateCases(it, traits);
    lockCases(it);
    abortCases(it);
    if (traits.servesVisitors) servingCases(it);
    if (traits.stages) {
      stageCases(it, traits);
      stageRevertCases(it, traits);
      stageLifeCases(it, traits);
    }
  });
}

function stageTest(server: () => TargetServer) {
  return test.extend<TargetStage>({
    server: async ({ task: _ }, use) => use(server()),
    look: async ({ server }, use) => use(server.look),
    ctx: async ({ task: _ }, use) => use(testCtx()),
    target: async ({ server }, use) => {
      await server.look.clear();
      await using target = await server.open();
      await use(target);
    },
  });
}
