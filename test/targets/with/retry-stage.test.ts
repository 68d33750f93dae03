import { describe, expect, it } from "vitest";
import { type Change, pathOf } from "../../../src/core/change.ts";
import { SmartsyncError } from "../../../src/lib/errors.ts";
import type { OutgoingFile, Target } from "../../../src/targets/target.ts";
import { withRetry } from "../../../src/targets/with/retry.ts";
import { type Call, type Fault, layFaults } from "../../doubles/faulty-target.ts";
import { createMemoryServer } from "../../doubles/memory-target.ts";
import { bodyOf, bytes, failingBody, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const DROPPED = new SmartsyncError("接続が切れました", { kind: "transient", code: "connection-lost" });
const CHANGED = new SmartsyncError("it changed", { kind: "conflict", code: "source-changed" });
const clock = { now: () => 0, sleep: async () => {} };

const files = ["index.html", "記事/一.html", "記事/二.html"].map((path): OutgoingFile => {
  return { file: metaOf(path, bytes(100)), body: bodyOf(bytes(100)) };
});
const changes = files.map(({ file }): Change => ({ kind: "put", file, reason: "new" }));
const publication = { phases: [{ name: "pages" as const, changes }], missingDirs: ["記事"], emptied: [] };

async function open(target: Target, ctx = testCtx({ clock })) {
  const stage = await withRetry(target, "web1", { attempts: 4, firstWaitMs: 1 }).stage?.("run1", ctx);
  if (stage === undefined) throw new Error("it stages");
  return { stage, ctx };
}

describe("a stage that is retried", () => {
  it("gets through a whole delivery when every call fails twice", async () => {
    const server = createMemoryServer();
    const calls: Call[] = ["stage", "stage.put", "stage.prepare", "stage.publish", "stage.revert"];
    const faults = calls.flatMap((call): Fault[] => [
      { call, nth: 1, when: "before", error: DROPPED },
      { call, nth: 2, when: "after", error: DROPPED },
    ]);
    const laid = layFaults(faults);
    const { stage, ctx } = await open(laid.on(server.open()));
    for (const { file, body } of files) await stage.put(file, body, ctx);
    await stage.prepare(publication, ctx);
    const told: string[] = [];
    await stage.publish(ctx, (change) => told.push(pathOf(change)));
    expect(told).toEqual(files.map(({ file }) => file.path));
    expect(server.files.size).toBe(3);
    await stage.revert(ctx);
    expect(server.files.size).toBe(0);
    expect(laid.fired.size).toBe(faults.length);
    expect(ctx.events.filter(({ type }) => type === "retry")).toHaveLength(faults.length);
  });

  it("sends of many files only those again that are neither sent nor bad, each told once", async () => {
    const plain = createMemoryServer().open({}, "many");
    const asked: string[][] = [];
    const breaking: Target = {
      ...plain,
      async stage(run, ctx) {
        const stage = await plain.stage?.(run, ctx);
        if (stage?.putMany === undefined) throw new Error("it takes many files");
        const { putMany } = stage;
        return {
          ...stage,
          async putMany(some, putCtx, report) {
            asked.push(some.map(({ file }) => file.path));
            await putMany(some.slice(0, asked.length === 1 ? 2 : some.length), putCtx, report);
            if (asked.length === 1) throw DROPPED;
          },
        };
      },
    };
    const { stage, ctx } = await open(breaking);
    const [first, second, third] = files;
    if (!first || !second || !third) throw new Error("three files");
    const bad = { ...second, body: failingBody(bytes(10), CHANGED) };
    const told: unknown[] = [];
    await stage.putMany?.([first, bad, third], ctx, {
      done: ({ path }) => told.push(`done ${path}`),
      failed: ({ path }, error) => told.push(`failed ${path}`, error),
    });
    expect(asked).toEqual([["index.html", "記事/一.html", "記事/二.html"], ["記事/二.html"]]);
    expect(told).toEqual(["done index.html", "failed 記事/一.html", CHANGED, "done 記事/二.html"]);
  });

  it("passes what is not transient, and offers many files only where the target does", async () => {
    const denied = new SmartsyncError("permission denied", { kind: "config", code: "permission-denied" });
    const laid = layFaults([{ call: "stage.prepare", nth: 1, when: "before", error: denied }]);
    const { stage, ctx } = await open(laid.on(createMemoryServer().open()));
    expect(stage.putMany).toBeUndefined();
    await expect(stage.prepare(publication, ctx)).rejects.toBe(denied);
    expect(ctx.events).toEqual([]);
  });

  it("is not there where the target can't stage", () => {
    expect(withRetry(createMemoryServer().open({}, "not"), "web1").stage).toBeUndefined();
  });
});

describe("releases", () => {
  it("are listed and switched again after a transient failure; hooks run once", async () => {
    const made: string[] = [];
    const failOnce = <T>(call: string, result: T): Promise<T> => {
      made.push(call);
      return made.filter((each) => each === call).length === 1 ? Promise.reject(DROPPED) : Promise.resolve(result);
    };
    const target = withRetry(
      {
        ...createMemoryServer().open(),
        releases: {
          list: () => failOnce("list", []),
          switchTo: (name) => failOnce(`switch ${name}`, undefined),
          conversion: () => failOnce("conversion", undefined),
        },
        hooks: { list: [], run: () => failOnce("hook", { exitCode: 0, output: "" }) },
      },
      "web1",
      { attempts: 2, firstWaitMs: 1 },
    );
    const ctx = testCtx({ clock });
    expect(await target.releases?.list(ctx)).toEqual([]);
    await target.releases?.switchTo("run0", ctx);
    expect(await target.releases?.conversion(ctx)).toBeUndefined();
    const hook = { when: "after", command: "warm", timeout: 1, onFailure: "warn" } as const;
    await expect(target.hooks?.run(hook, ctx)).rejects.toBe(DROPPED);
    expect(made).toEqual(["list", "list", "switch run0", "switch run0", "conversion", "conversion", "hook"]);
  });
});
