import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";
import { parentsOf } from "../../src/core/rel-path.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import type { Target } from "../../src/targets/target.ts";
import { withRetry } from "../../src/targets/with/retry.ts";
import { type Look, type TargetServer, testTarget } from "../contract/target-contract.ts";
import { type Call, type Fault, layFaults } from "../doubles/faulty-target.ts";
import { createMemoryServer, type MemoryServer } from "../doubles/memory-target.ts";

const CALLS: Call[] = ["list", "get", "put", "makeDirs", "remove", "removeDirs", "sweep", "state.read"];
const STATE_CALLS: Call[] = ["state.write", "state.remove", "state.list", "state.takeLock", "state.dropLock"];
const STAGE_CALLS: Call[] = ["stage", "stage.put", "stage.prepare", "stage.publish", "stage.revert"];

testTarget("memory", async () => memoryUnderTest((server) => server.open()), { temporaryFiles: false });

testTarget("memory, many files at once", async () => memoryUnderTest((server) => server.open({}, "many")), {
  temporaryFiles: false,
});

testTarget("memory, every other call failing and retried", async () => brittleMemory(), { temporaryFiles: false });

function memoryUnderTest(open: (server: MemoryServer) => Target): TargetServer {
  const server = createMemoryServer();
  return { open: async () => open(server), look: lookInto(server), stop: async () => {} };
}

/** Of each call the first, third, … fail, in turns before and after they took effect. */
function brittleMemory(): TargetServer {
  const error = new SmartsyncError("the connection was lost", { kind: "transient", code: "connection-lost" });
  const faults = [...CALLS, ...STATE_CALLS, ...STAGE_CALLS].flatMap((call) =>
    Array.from({ length: 200 }, (_, i): Fault => ({ call, nth: 2 * i + 1, when: i % 2 ? "after" : "before", error })),
  );
  let fired = 0;
  const server = memoryUnderTest((memory) => {
    const laid = layFaults(faults);
    const target = withRetry(laid.on(memory.open()), "memory", { attempts: 12, firstWaitMs: 0.01 });
    return {
      ...target,
      async [Symbol.asyncDispose]() {
        fired += laid.fired.size;
        await target[Symbol.asyncDispose]();
      },
    };
  });
  return { ...server, stop: async () => expect(fired).toBeGreaterThan(200) };
}

function lookInto(server: MemoryServer): Look {
  const { files, dirs, states } = server;
  return {
    async read(path) {
      // Whoever polls must not keep the target from its work.
      await setImmediate();
      return files.get(path)?.content;
    },
    async write(path, content) {
      for (const dir of parentsOf(path)) dirs.add(dir);
      files.set(path, { content, mtimeMs: Date.UTC(2026, 0, 1), mode: 0o644 });
    },
    listAll: async () => [...files.keys()].filter((path) => !path.startsWith(".smartsync/")).sort(),
    listState: async () => [
      ...[...states.keys()].sort(),
      ...[...server.staged.keys()].map((path) => `staged ${path}`),
      ...[...server.kept.keys()].map((path) => `kept ${path}`),
    ],
    async stat(path) {
      const file = files.get(path);
      if (file) return { mtimeMs: file.mtimeMs, mode: file.mode, isDirectory: false };
      return dirs.has(path) ? { mtimeMs: 0, mode: 0o755, isDirectory: true } : undefined;
    },
    async clear() {
      for (const held of [files, dirs, states, server.staged, server.kept]) held.clear();
      server.lock = undefined;
    },
  };
}
