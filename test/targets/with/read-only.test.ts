import { describe, expect, it } from "vitest";
import type { Target } from "../../../src/targets/target.ts";
import { readOnly } from "../../../src/targets/with/read-only.ts";
import { createMemoryServer } from "../../doubles/memory-target.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const ctx = testCtx();
const content = bytes(10);

async function stage() {
  const server = createMemoryServer();
  const writable = server.open();
  await writable.put(metaOf("会社案内/index.html", content), bodyOf(content), ctx);
  await writable.makeDirs(["空"], ctx);
  await writable.state.write("manifest.json", content, ctx);
  await writable.state.takeLock(content, ctx);
  const touched: string[] = [];
  const equipped: Target = {
    ...writable,
    releases: {
      list: async () => [{ name: "run1", current: true }],
      switchTo: async (name) => void touched.push(name),
      conversion: async () => ({
        steps: ["move the directory aside"],
        run: async () => void touched.push("converted"),
      }),
    },
    hooks: {
      list: [],
      run: async () => {
        touched.push("hook");
        return { exitCode: 0, output: "" };
      },
    },
  };
  return { server, target: readOnly(equipped), touched };
}

describe("readOnly", () => {
  it("refuses every writing call, and the server stays as it was", async () => {
    const { server, target, touched } = await stage();
    const holding = () => structuredClone({ ...server, open: undefined, openBucket: undefined });
    const before = holding();
    const { state } = target;
    const path = relPath("会社案内/index.html");
    const writes = {
      put: target.put(metaOf("new.html", content), bodyOf(content), ctx),
      makeDirs: target.makeDirs(["new"], ctx),
      remove: target.remove([path], ctx),
      removeDirs: target.removeDirs(["空"], ctx),
      sweep: target.sweep([path], ctx),
      stage: target.stage?.("run1", ctx),
      "releases.switchTo": target.releases?.switchTo("run0", ctx),
      "releases.conversion.run": (await target.releases?.conversion(ctx))?.run(ctx),
      "hooks.run": target.hooks?.run({ when: "before", command: "reboot", timeout: 1, onFailure: "fail" }, ctx),
      "state.write": state.write("manifest.json", bytes(5), ctx),
      "state.remove": state.remove(["manifest.json"], ctx),
      "state.takeLock": state.takeLock(content, ctx),
      "state.writeLock": state.writeLock(bytes(5), ctx),
      "state.dropLock": state.dropLock(ctx),
    };
    for (const [call, promise] of Object.entries(writes)) {
      await expect(promise, call).rejects.toMatchObject({ kind: "bug", code: "read-only" });
      await expect(promise, call).rejects.toThrow(`${call} was called`);
    }
    expect(touched).toEqual([]);
    expect(holding()).toEqual(before);
  });

  it("has no call that is neither refused nor known to be a reading one", async () => {
    const plain = createMemoryServer().open();
    const target = readOnly(plain);
    const passed = (from: object, to: object) =>
      Object.keys(to).filter((key) => Reflect.get(from, key) === Reflect.get(to, key));
    expect(passed(plain, target)).toEqual(["caps", "list", "get"]);
    expect(passed(plain.state, target.state)).toEqual(["place", "read", "list", "readLock"]);
  });

  it("lets a bucket be listed and described, and refuses to change headers", async () => {
    const server = createMemoryServer();
    server.files.set("画像.svg", { content, mtimeMs: 0, mode: 0o644 });
    const target = readOnly(server.openBucket("s3"));
    const listed = (await target.survey?.([], ctx))?.get(relPath("画像.svg"));
    expect(listed).toMatchObject({ size: 10 });
    expect(await target.describe?.(relPath("画像.svg"), ctx)).toMatchObject({ etag: listed?.etag });
    const serving = { contentType: "image/svg+xml", hash: "plain-0123456789abcdef" };
    const file = metaOf("画像.svg", content, { serving });
    await expect(target.serveAs?.(file, listed?.etag ?? "", ctx)).rejects.toThrow("serveAs was called");
  });

  it("lets every reading call through", async () => {
    const { target } = await stage();
    expect((await Array.fromAsync(target.list("", ctx))).map(({ path }) => path)).toEqual(["会社案内/index.html"]);
    expect(await target.get(relPath("会社案内/index.html"), ctx)).toHaveLength(10);
    expect(await target.state.read("manifest.json", ctx)).toHaveLength(10);
    expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
    expect(await target.state.readLock(ctx)).toHaveLength(10);
    expect(await target.releases?.list(ctx)).toEqual([{ name: "run1", current: true }]);
    expect((await target.releases?.conversion(ctx))?.steps).toEqual(["move the directory aside"]);
    await target[Symbol.asyncDispose]();
  });
});
