import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/load-config.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import { makePlans } from "../../src/deploy/make-plans.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { createRedactor } from "../../src/lib/redact.ts";
import { type LocalState, openLocalState } from "../../src/state/local-state.ts";
import type { Target } from "../../src/targets/target.ts";
import { createMemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { changes, servers } from "./memory-registry.ts";
import { served } from "./try-delivery.ts";

vi.mock("../../src/targets/index.ts", () => import("./memory-registry.ts"));

const FULL = new SmartsyncError("the disk is full", { kind: "config", code: "disk-full" });

let dir: string;
let state: LocalState;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "smartsync-deploy-"));
  state = openLocalState(join(dir, ".smartsync"));
  servers.clear();
  changes.clear();
  publish("古い");
});
afterEach(() => {
  state[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});

function publish(text: string): void {
  mkdirSync(join(dir, "public"), { recursive: true });
  writeFileSync(join(dir, "public", "index.html"), text);
  writeFileSync(join(dir, "public", "画像.svg"), text);
}

async function deps(targets: Record<string, object>, how: string) {
  const site = { source: "./public", publish: how, targets: Object.keys(targets) };
  const memory = Object.entries(targets).map(([name, more]) => [name, { type: "memory", server: name, ...more }]);
  const file = join(dir, "smartsync.yaml");
  writeFileSync(file, stringify({ sites: { corporate: site }, targets: Object.fromEntries(memory) }), { mode: 0o600 });
  const redactor = createRedactor();
  return { config: await loadConfig(file, redactor), state, redactor, approve: async () => true };
}

async function push(targets: Record<string, object>, how: string, ctx = testCtx()) {
  return deploy({ site: "corporate", trigger: "push" }, await deps(targets, how), ctx);
}

/** What each server holds of the page. */
function pages(): Record<string, string | undefined> {
  return Object.fromEntries([...servers].map(([name, server]) => [name, served(server)["index.html"]]));
}

/** Makes publishing on a target fail after the first change. */
function failWhilePublishing(target: Target): Target {
  return {
    ...target,
    async stage(run, ctx) {
      const stage = await target.stage?.(run, ctx);
      if (stage === undefined) throw new Error("it stages");
      const fail = (): never => {
        throw FULL;
      };
      return {
        ...stage,
        publish: (publishCtx, done) =>
          stage.publish(publishCtx, (change) => {
            done(change);
            fail();
          }),
      };
    },
  };
}

describe("a site that is published together", () => {
  test("is delivered in no part when one target fails, and the results and the history say what became of each", async () => {
    await push({ web1: {}, web2: {} }, "together");
    publish("新しい");
    changes.set("web2", failWhilePublishing);
    const report = await push({ web1: {}, web2: {} }, "together");
    expect(report).toMatchObject({
      outcome: "failed",
      targets: [
        { target: "web1", outcome: "failed", uploaded: 0, bytes: 0, failure: { code: "put-back" } },
        { target: "web2", outcome: "failed", uploaded: 0, bytes: 0, failure: { code: "disk-full" } },
      ],
    });
    expect(pages()).toEqual({ web1: "古い", web2: "古い" });
    const [last] = state.runs.list({ limit: 1 });
    expect(last).toMatchObject({ outcome: "failed" });
    changes.clear();
    expect((await push({ web1: {}, web2: {} }, "together")).outcome).toBe("done");
    expect(pages()).toEqual({ web1: "新しい", web2: "新しい" });
  });

  test("is refused while a target can't stage, by plan too, with nothing touched", async () => {
    const targets = { web1: {}, 古いサーバー: { stages: "not" } };
    const refused = { kind: "config", code: "cannot-stage", message: expect.stringContaining("古いサーバー") };
    await expect(push(targets, "together")).rejects.toMatchObject(refused);
    const job = { site: "corporate", trigger: "plan" };
    await expect(makePlans(job, await deps(targets, "together"), testCtx())).rejects.toMatchObject(refused);
    for (const { files, states, lock } of servers.values())
      expect([files.size, states.size, lock]).toEqual([0, 0, undefined]);
  });

  test("is held back everywhere while a target can't be looked at", async () => {
    changes.set("web2", () => {
      throw FULL;
    });
    const { outcome, targets } = await push({ web1: {}, web2: {} }, "together");
    expect(outcome).toBe("failed");
    expect(targets.map(({ target, failure }) => `${target}: ${failure?.code}`).sort()).toEqual([
      "web1: held-back",
      "web2: disk-full",
    ]);
    expect(pages()).toEqual({ web1: undefined });
  });

  test("leaves a target alone that has everything already", async () => {
    await push({ web1: {} }, "together");
    const { targets } = await push({ web1: {}, web2: {} }, "together");
    expect(targets.map(({ target, outcome }) => `${target}: ${outcome}`)).toEqual(["web1: unchanged", "web2: done"]);
  });
});

describe("an ordered site", () => {
  test("stages where the target always does, each for itself: one that fails holds nobody back", async () => {
    changes.set("web2", failWhilePublishing);
    const ctx = testCtx();
    const targets = { web1: { alwaysStages: true }, web2: { alwaysStages: true }, web3: { stages: "not" } };
    const report = await push(targets, "ordered", ctx);
    expect(report.outcome).toBe("partial");
    expect(report.targets.map(({ outcome }) => outcome)).toEqual(["done", "failed", "done"]);
    expect(pages()).toEqual({ web1: "古い", web2: undefined, web3: "古い" });
    const staged = ctx.events.flatMap((event) => (event.type === "staged" ? [event.target] : []));
    expect(staged.sort()).toEqual(["web1", "web2"]);
  });

  test("does not stage where the target need not", async () => {
    const ctx = testCtx();
    await push({ web1: {} }, "ordered", ctx);
    expect(ctx.events.filter(({ type }) => type === "staged")).toEqual([]);
    expect(pages()).toEqual({ web1: "古い" });
  });
});

test("a hook that fails after the delivery makes it partly done", async () => {
  changes.set("web1", (target) => ({
    ...target,
    hooks: {
      list: [{ when: "after", command: "warm-cache", timeout: 10, onFailure: "fail" }],
      run: async () => ({ exitCode: 3, output: "no such host" }),
    },
  }));
  const { outcome, targets } = await push({ web1: {} }, "ordered");
  expect(outcome).toBe("partial");
  expect(targets).toMatchObject([{ outcome: "partial", uploaded: 2, failure: { code: "hook-failed" } }]);
  expect(pages()).toEqual({ web1: "古い" });
});

describe("a site on a server and in a bucket", () => {
  const both = { web1: {}, bucket: { bucket: "s3" } };

  test("is scanned once; the bucket is given headers, the server is not", async () => {
    const ctx = testCtx();
    await push(both, "ordered", ctx);
    expect(ctx.events.filter(({ type }) => type === "scanned")).toHaveLength(1);
    expect(pages()).toEqual({ web1: "古い", bucket: "古い" });
    expect(servers.get("bucket")?.files.get("画像.svg")?.serving).toMatchObject({
      contentType: "image/svg+xml; charset=utf-8",
    });
    expect(servers.get("web1")?.files.get("画像.svg")?.serving).toBeUndefined();
    expect((await push(both, "ordered")).outcome).toBe("unchanged");
    publish("新しい");
    expect((await push(both, "together")).outcome).toBe("done");
    expect(pages()).toEqual({ web1: "新しい", bucket: "新しい" });
  });

  test("counts what only got other headers apart from what was sent, ordered and staged", async () => {
    for (const how of ["ordered", "staged"]) {
      const server = createMemoryServer();
      servers.set("bucket", server);
      for (const path of ["index.html", "画像.svg"]) {
        server.files.set(path, { content: Buffer.from("古い"), mtimeMs: 0, mode: 0o644 });
      }
      writeFileSync(join(dir, "public", "新しい.txt"), "neu");
      const { targets } = await push({ bucket: { bucket: "s3" } }, how);
      expect(targets).toMatchObject([{ uploaded: 1, headers: 2, bytes: 3, unchanged: 0 }]);
    }
  });

  test("carries out a stored plan, but not after somebody else changed an object of it", async () => {
    const job = { site: "corporate", trigger: "plan" };
    const { plans } = await makePlans(job, await deps(both, "ordered"), testCtx());
    const stored = JSON.parse(JSON.stringify(plans));
    const object = { content: Buffer.from("別の内容"), mtimeMs: 0, mode: 0o644 };
    servers.get("bucket")?.files.set("index.html", object);
    const run = async () => deploy({ ...job, plans: stored }, await deps(both, "ordered"), testCtx());
    await expect(run()).rejects.toMatchObject({ code: "plan-outdated" });
    servers.get("bucket")?.files.delete("index.html");
    expect((await run()).outcome).toBe("done");
  });

  test("does not record what somebody else put there when only a part is delivered", async () => {
    const server = createMemoryServer();
    servers.set("bucket", server);
    server.files.set("画像.svg", { content: Buffer.from("別の画像"), mtimeMs: 0, mode: 0o644 });
    const only = { site: "corporate", trigger: "push", only: ["index.html"] };
    await deploy(only, await deps({ bucket: { bucket: "s3" } }, "ordered"), testCtx());
    rmSync(join(dir, "public", "画像.svg"));
    await push({ bucket: { bucket: "s3" } }, "ordered");
    expect(served(server)).toEqual({ "index.html": "古い", "画像.svg": "別の画像" });
  });
});

describe("a staged site", () => {
  test("is laid beside first on every target, each for itself: one that fails is put back and holds nobody back", async () => {
    await push({ web1: {}, web2: {}, bucket: { bucket: "gcs" } }, "staged");
    publish("新しい");
    changes.set("web2", failWhilePublishing);
    const ctx = testCtx();
    const report = await push({ web1: {}, web2: {}, bucket: { bucket: "gcs" } }, "staged", ctx);
    expect(report.outcome).toBe("partial");
    expect(pages()).toEqual({ web1: "新しい", web2: "古い", bucket: "新しい" });
    const staged = ctx.events.flatMap((event) => (event.type === "staged" ? [event.target] : []));
    expect(staged.sort()).toEqual(["bucket", "web1", "web2"]);
  });

  test("is refused while a target can't stage", async () => {
    const refused = { code: "cannot-stage", message: expect.stringContaining("publish: staged is not possible") };
    await expect(push({ web1: {}, web2: { stages: "not" } }, "staged")).rejects.toMatchObject(refused);
  });

  test("does without a target that can't be looked at", async () => {
    changes.set("web2", () => {
      throw FULL;
    });
    expect((await push({ web1: {}, web2: {} }, "staged")).outcome).toBe("partial");
    expect(pages()).toEqual({ web1: "古い" });
  });
});
