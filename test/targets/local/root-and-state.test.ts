import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { localTarget } from "../../../src/targets/local/local-target.ts";
import { PROBE_NAME } from "../../../src/targets/local/probe-names.ts";
import { bodyOf, bytes, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { asPlainUser, openSite, scratchDir } from "./stage.ts";

const ctx = testCtx();
const content = bytes(100);

describe("a local document root", () => {
  it("is not made by opening, looking and reading state", async () => {
    const dir = await scratchDir();
    const target = await openSite(dir);
    expect(await Array.fromAsync(target.list("", ctx))).toEqual([]);
    expect(await target.state.read("manifest.json", ctx)).toBeUndefined();
    expect(await target.state.readLock(ctx)).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });

  it("may be a symbolic link itself", async () => {
    const dir = await scratchDir();
    await mkdir(join(dir, "本番"));
    await symlink("本番", join(dir, "site"));
    const target = await openSite(dir);
    await target.put(metaOf("a/index.html", content), bodyOf(content), ctx);
    expect(await readFile(join(dir, "本番/a/index.html"))).toEqual(Buffer.from(content));
  });

  it("that is a file is refused when it is opened", async () => {
    const dir = await scratchDir();
    await writeFile(join(dir, "site"), "");
    await expect(openSite(dir)).rejects.toMatchObject({ kind: "config", code: "not-a-directory" });
  });

  it("that can't be read is an error, not an empty site", async () => {
    const dir = await scratchDir();
    await mkdir(join(dir, "site/closed"), { recursive: true });
    const target = await openSite(dir);
    await chmod(join(dir, "site/closed"), 0o300);
    const list = () => Array.fromAsync(target.list("", ctx));
    await expect(asPlainUser(list)).rejects.toMatchObject({ kind: "config", code: "permission-denied" });
    await chmod(join(dir, "site"), 0o300);
    await expect(asPlainUser(() => openSite(dir))).rejects.toMatchObject({ code: "permission-denied" });
  });

  it("that can't be written says so, with what to do", async () => {
    const dir = await scratchDir();
    await mkdir(join(dir, "site"));
    await chmod(join(dir, "site"), 0o555);
    const target = await openSite(dir);
    const put = asPlainUser(() => target.put(metaOf("お知らせ.html", content), bodyOf(content), ctx));
    await expect(put).rejects.toMatchObject({
      kind: "config",
      code: "permission-denied",
      message: expect.stringContaining(join(dir, "site/お知らせ.html")),
      hint: expect.stringContaining("write access"),
    });
    await expect(asPlainUser(() => target.makeDirs(["a/b"], ctx))).rejects.toMatchObject({ code: "permission-denied" });
  });

  it("gives files the system's permissions, or fixed ones, when the configuration says so", async () => {
    const dir = await scratchDir();
    const modes: Record<string, number> = {
      keep: 0o700,
      server: 0o666 & ~process.umask(),
      "604": 0o604,
      "0640": 0o640,
    };
    for (const [setting, mode] of Object.entries(modes)) {
      const target = await openSite(dir, { modes: setting });
      await target.put(metaOf("x.cgi", content, { mode: 0o700 }), bodyOf(content), ctx);
      expect((await stat(join(dir, "site/x.cgi"))).mode & 0o777, setting).toBe(mode);
      expect(target.caps.modes).toBe(setting === "keep");
    }
  });

  it("gives files the time of the delivery when the configuration says so", async () => {
    const dir = await scratchDir();
    const before = Date.now() - 1_000;
    const target = await openSite(dir, { mtimes: false });
    await target.put(metaOf("x.html", content, { mtimeMs: 0 }), bodyOf(content), ctx);
    expect((await stat(join(dir, "site/x.html"))).mtimeMs).toBeGreaterThan(before);
    expect(target.caps.mtimes).toBe(false);
  });

  it.each([
    [{ type: "local", path: "site", permissions: "keep" }],
    [{ type: "local", path: "" }],
    [{ type: "local", path: "site", modes: "rw-r--r--" }],
    [{ type: "local", path: "site", modes: 644 }],
  ])("is not configured by %j", (config) => {
    expect(localTarget.schema.safeParse(config).success).toBe(false);
  });
});

describe("local state", () => {
  it("lies beside the document root, closed to others and to Apache", async () => {
    const dir = await scratchDir();
    const target = await openSite(dir);
    await target.state.write("manifest.json", content, ctx);
    expect(await readdir(dir)).toEqual([".smartsync"]);
    const state = join(dir, ".smartsync/site");
    expect(await readFile(join(state, "manifest.json"))).toEqual(Buffer.from(content));
    expect(await readFile(join(state, ".htaccess"), "utf8")).toBe("Require all denied\n");
    expect((await stat(state)).mode & 0o007).toBe(0);
  });

  it("lies where statePath says, relative to the configuration", async () => {
    const dir = await scratchDir();
    const target = await openSite(dir, { statePath: "var/状態" });
    await target.state.write("manifest.json", content, ctx);
    await target.state.takeLock(content, ctx);
    expect(await readdir(dir)).toEqual(["var"]);
    expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
  });

  it.each(["site", "site/.state", "./site/../site/x"])("is refused inside the document root: %s", async (statePath) => {
    const opening = openSite(await scratchDir(), { statePath });
    await expect(opening).rejects.toMatchObject({ kind: "config", code: "state-directory" });
  });

  it("that has no place says which, and to set statePath", async () => {
    const dir = await scratchDir();
    await writeFile(join(dir, ".smartsync"), "a file in the way");
    const target = await openSite(dir);
    const refusal = {
      kind: "config",
      code: "state-directory",
      message: expect.stringContaining(join(dir, ".smartsync/site")),
      hint: expect.stringContaining("statePath"),
    };
    await expect(target.state.write("manifest.json", content, ctx)).rejects.toMatchObject(refusal);
    await expect(target.state.takeLock(content, ctx)).rejects.toMatchObject(refusal);
  });

  it("that can't be read is an error, not a first delivery", async () => {
    const dir = await scratchDir();
    const target = await openSite(dir);
    await target.state.write("manifest.json", content, ctx);
    await chmod(join(dir, ".smartsync"), 0);
    const reads: (() => Promise<unknown>)[] = [
      () => target.state.read("manifest.json", ctx),
      () => target.state.list(ctx),
      () => target.state.readLock(ctx),
      () => openSite(dir),
    ];
    for (const read of reads) {
      await expect(asPlainUser(read)).rejects.toMatchObject({ code: "permission-denied" });
    }
    await chmod(join(dir, ".smartsync"), 0o700);
  });

  it("of a killed write is replaced by the next one", async () => {
    const dir = await scratchDir();
    const target = await openSite(dir);
    await target.state.write("manifest.json", content, ctx);
    await writeFile(join(dir, ".smartsync/site/.manifest.json.tmp"), bytes(5_000));
    expect(await target.state.list(ctx)).toEqual(["manifest.json"]);
    await target.state.write("manifest.json", bytes(7), ctx);
    expect(await target.state.read("manifest.json", ctx)).toEqual(Buffer.from(bytes(7)));
  });

  it("tells whether the file system folds case and Unicode, asking without writing", async () => {
    const dir = await scratchDir();
    await (await openSite(dir)).state.write("manifest.json", content, ctx);
    const state = join(dir, ".smartsync/site");
    const before = await readdir(state);
    expect((await openSite(dir)).caps.names).toMatchObject({ foldsCase: false, foldsUnicode: false });
    expect(await readdir(state)).toEqual(before);
    // Where names are folded, the probe file answers to its other spellings too.
    await writeFile(join(state, PROBE_NAME.toUpperCase()), "");
    expect((await openSite(dir)).caps.names).toMatchObject({ foldsCase: true, foldsUnicode: false });
    await writeFile(join(state, PROBE_NAME.normalize("NFD")), "");
    expect((await openSite(dir)).caps.names).toMatchObject({ foldsCase: true, foldsUnicode: true });
  });
});
