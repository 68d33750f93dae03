import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { lchown, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tempPath } from "../../../src/targets/files/own-names.ts";
import type { Target } from "../../../src/targets/target.ts";
import {
  deliverStaged,
  openStage,
  publicationOf,
  type Site,
  siteOf,
  stageChanges,
} from "../../contract/target/staged-site.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { type ReleasesServer, startReleasesServer, treeListing } from "./releases-server.ts";

const EMPTY = siteOf({});
const ctx = testCtx();
let server: ReleasesServer;
beforeAll(async () => {
  server = await startReleasesServer();
});
afterAll(() => server.stop());
beforeEach(() => server.look.clear());

/** Versions of a site, each other than the one before. */
function version(n: number): Site {
  return siteOf({ "index.html": `第${n}版`, [`記事/${n}.html`]: `${n}`, "css/site.css": bytes(9_000, 1) });
}

async function deliverVersions(target: Target, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await deliverStaged(target, n === 1 ? EMPTY : version(n - 1), version(n), ctx);
}

async function names(target: Target): Promise<string[]> {
  return (await target.releases?.list(ctx))?.map(({ name }) => name) ?? [];
}

async function current(target: Target): Promise<string | undefined> {
  return (await target.releases?.list(ctx))?.find((release) => release.current)?.name;
}

async function switchTo(target: Target, name: string | undefined): Promise<void> {
  await target.releases?.switchTo(name ?? "", ctx);
}

/** Lays files into the document root, or beside it, as the server's user. */
function lay(files: Record<string, string>): void {
  const { root, uid } = server.sshd;
  for (const [path, content] of Object.entries(files)) {
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    for (let dir = dirname(place); dir.length >= root.length; dir = dirname(dir)) chownSync(dir, uid, uid);
    writeFileSync(place, content);
    chownSync(place, uid, uid);
  }
}

function read(path: string): string {
  return readFileSync(join(server.sshd.root, path), "utf8");
}

describe("a delivery with releases", () => {
  test("is a directory of its own, to which the document root is a relative link", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 2);
    const [newest] = await names(target);
    expect(readlinkSync(server.sshd.root)).toBe(`html.releases/${newest}`);
    expect(read("index.html")).toBe("第2版");
    expect(readdirSync(server.releases).sort()).toEqual((await names(target)).toSorted());
  });

  test("shares what did not change with the one before, and leaves that as it was, byte by byte", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 1);
    const first = join(server.releases, (await current(target)) ?? "");
    const before = treeListing(first);
    const contents = ["index.html", "記事/1.html", "css/site.css"].map((path) => readFileSync(join(first, path)));
    await deliverVersions(target, 2, 3);
    await target.put(metaOf("css/site.css", bytes(4)), bodyOf(bytes(4)), ctx);
    await target.remove([relPath("index.html")], ctx);
    expect(treeListing(first)).toEqual(before);
    expect(["index.html", "記事/1.html", "css/site.css"].map((path) => readFileSync(join(first, path)))).toEqual(
      contents,
    );
    const [, second] = await names(target);
    const [inFirst, inSecond] = await Promise.all(
      [first, join(server.releases, second ?? "")].map((dir) => stat(join(dir, "css/site.css"))),
    );
    expect(inSecond?.ino).toBe(inFirst?.ino);
  });

  test("keeps as many old ones as `keep` says, and never removes the one that is served", async () => {
    await using target = await server.open({ keep: 2 });
    await deliverVersions(target, 1, 3);
    const [, , oldest] = await names(target);
    await switchTo(target, oldest);
    await deliverStaged(target, version(1), version(4), ctx);
    expect(await names(target)).toHaveLength(3);
    await switchTo(target, (await names(target)).at(-1));
    const served = await current(target);
    await deliverStaged(target, EMPTY, EMPTY, ctx);
    await deliverStaged(target, EMPTY, EMPTY, ctx);
    expect(await names(target)).toHaveLength(3);
    expect(await names(target)).toContain(await current(target));
    expect(existsSync(join(server.releases, served ?? ""))).toBe((await names(target)).includes(served ?? ""));
  });

  test("takes away what a killed run left half-built, and nothing of anybody else", async () => {
    await using target = await server.open({ keep: 1 });
    await deliverVersions(target, 1, 1);
    const left = ["20250101T000000-abcdef.tmp", "backup", "before-2025.tmp", "20250101T000000-abcdef.tmp.old"];
    for (const name of left) lay({ [`../html.releases/${name}/x.html`]: "x" });
    symlinkSync("/etc", join(server.releases, "20240101T000000-abcdef"));
    symlinkSync("/etc", join(server.releases, "20240101T000000-abcdef.tmp"));
    await deliverVersions(target, 2, 3);
    const there = readdirSync(server.releases).filter((name) => !name.startsWith("2026"));
    const links = ["20240101T000000-abcdef", "20240101T000000-abcdef.tmp"];
    expect(there.sort()).toEqual([...links, "backup", "before-2025.tmp", "20250101T000000-abcdef.tmp.old"].sort());
    expect(existsSync("/etc/passwd")).toBe(true);
    expect(await names(target)).not.toContain("20240101T000000-abcdef");
  });

  test("is refused when a file of the release can't be linked, and says whose", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 1);
    chownSync(join(server.sshd.root, "css/site.css"), 0, 0);
    const again = deliverVersions(target, 2, 2);
    await expect(again).rejects.toMatchObject({ code: "no-hard-links", message: expect.stringContaining("site.css") });
    expect(read("index.html")).toBe("第1版");
    expect(await names(target)).toHaveLength(1);
  });

  test("goes on after it was killed at any step, also the first one", async () => {
    for (const stopAfter of ["staged", "prepared", "published"]) {
      await server.look.clear();
      const dead = await server.open();
      const stage = await openStage(dead, ctx);
      await stageChanges(stage, EMPTY, version(1), ctx);
      if (stopAfter !== "staged") await stage.prepare(publicationOf(EMPTY, version(1), dead.caps), ctx);
      if (stopAfter === "published") await stage.publish(ctx, () => {});
      await dead[Symbol.asyncDispose]();
      await using target = await server.open();
      expect(existsSync(server.sshd.root)).toBe(stopAfter === "published");
      await deliverVersions(target, 1, 2);
      expect(await server.look.listAll(), stopAfter).toEqual([...version(2).keys()].sort());
      expect(readdirSync(server.releases).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }
  });

  test("finds a first one whose link was laid but whose directory had not got its name", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 1);
    const served = join(server.releases, (await current(target)) ?? "");
    await rename(served, `${served}.tmp`);
    await deliverStaged(target, EMPTY, version(2), ctx);
    expect(await server.look.listAll()).toEqual([...version(2).keys()].sort());
  });

  test("is not built on a link that is gone: what is there now would be lost without a word", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 1);
    await rm(server.sshd.root);
    await expect(deliverVersions(target, 2, 2)).rejects.toMatchObject({ code: "docroot-is-directory" });
    const conversion = await target.releases?.conversion(ctx);
    await conversion?.run(ctx);
    await deliverVersions(target, 2, 2);
    expect(read("記事/2.html")).toBe("2");
  });
});

describe("switching", () => {
  test("goes back and forward in one step", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 3);
    const [third, second, first] = await names(target);
    for (const [name, text] of [
      [first, "第1版"],
      [third, "第3版"],
      [second, "第2版"],
    ]) {
      await switchTo(target, name);
      expect(read("index.html")).toBe(text);
      expect(await current(target)).toBe(name);
    }
  });

  test.each(["20990101T000000-abcdef", "shared", "..", "", "20240101T000000-abcdef"])(
    "to %j, which is no release, is not found and changes nothing",
    async (name) => {
      await using target = await server.open();
      await deliverVersions(target, 1, 1);
      symlinkSync("/etc", join(server.releases, "20240101T000000-abcdef"));
      const before = readlinkSync(server.sshd.root);
      await expect(switchTo(target, name)).rejects.toMatchObject({ kind: "not-found", code: "release-unknown" });
      expect(readlinkSync(server.sshd.root)).toBe(before);
    },
  );

  test("does not follow a link that was planted under the temporary name", async () => {
    await using target = await server.open();
    await deliverVersions(target, 1, 2);
    symlinkSync("/etc", tempPath(server.sshd.root));
    await switchTo(target, (await names(target)).at(-1));
    expect(read("index.html")).toBe("第1版");
  });
});

describe("shared paths", () => {
  const shared = { shared: ["uploads", "/media/写真/"] };

  test("are the same in every release, survive all of them, and can be written", async () => {
    await using target = await server.open({ ...shared, keep: 1 });
    await deliverVersions(target, 1, 1);
    expect(readlinkSync(join(server.sshd.root, "uploads"))).toBe("../shared/uploads");
    expect(readlinkSync(join(server.sshd.root, "media/写真"))).toBe("../../shared/media/写真");
    lay({ "uploads/a.jpg": "写真", "media/写真/b.jpg": "b" });
    await deliverVersions(target, 2, 5);
    await switchTo(target, (await names(target)).at(-1));
    expect([read("uploads/a.jpg"), read("media/写真/b.jpg")]).toEqual(["写真", "b"]);
    lay({ "uploads/c.jpg": "c" });
    await switchTo(target, (await names(target))[0]);
    expect(read("uploads/c.jpg")).toBe("c");
  });

  test("are never delivered and never deleted", async () => {
    await using target = await server.open(shared);
    await deliverVersions(target, 1, 1);
    const refusal = { kind: "refused", code: "shared-path", message: expect.stringContaining("uploads") };
    const [file, content] = [metaOf("uploads/x.jpg", bytes(3)), bodyOf(bytes(3))];
    await expect(target.put(file, content, ctx)).rejects.toMatchObject(refusal);
    await expect(target.remove([relPath("uploads/x.jpg")], ctx)).rejects.toMatchObject(refusal);
    await using stage = await openStage(target, ctx);
    await expect(stage.put(file, content, ctx)).rejects.toMatchObject(refusal);
    const gone = publicationOf(siteOf({ "uploads/x.jpg": "x" }), EMPTY, target.caps);
    await expect(stage.prepare(gone, ctx)).rejects.toMatchObject(refusal);
  });

  test("that are named later are moved out of the served release by the conversion", async () => {
    await using plain = await server.open();
    await deliverVersions(plain, 1, 1);
    lay({ "uploads/a.jpg": "a" });
    await using target = await server.open(shared);
    await expect(deliverVersions(target, 2, 2)).rejects.toMatchObject({ code: "docroot-is-directory" });
    await (await target.releases?.conversion(ctx))?.run(ctx);
    expect(await target.releases?.conversion(ctx)).toBeUndefined();
    await deliverVersions(target, 2, 2);
    expect(read("uploads/a.jpg")).toBe("a");
    expect(readlinkSync(join(server.sshd.root, "uploads"))).toBe("../shared/uploads");
  });
});

describe("a document root that is a plain directory", () => {
  const files = { "index.html": "元の頁", "お知らせ/a b.html": "記事", "uploads/p.jpg": "写真", ".htaccess": "Deny" };

  test("is refused when it is delivered to, and nothing is touched", async () => {
    lay(files);
    await using target = await server.open();
    const delivery = deliverStaged(target, EMPTY, version(1), ctx);
    await expect(delivery).rejects.toMatchObject({
      code: "docroot-is-directory",
      hint: expect.stringContaining("smartsync convert"),
      message: expect.stringContaining("html.releases/before-"),
    });
    expect(await server.look.listAll()).toEqual(Object.keys(files).sort());
    expect(existsSync(server.releases)).toBe(false);
  });

  test("becomes the first release when it is converted, with its shared paths moved", async () => {
    lay(files);
    await using target = await server.open({ shared: ["uploads"] });
    const conversion = await target.releases?.conversion(ctx);
    expect(conversion?.steps).toHaveLength(2);
    await conversion?.run(ctx);
    expect(readlinkSync(server.sshd.root)).toMatch(/^html\.releases\/before-\d{8}T\d{6}$/);
    for (const [path, content] of Object.entries(files)) expect(read(path)).toBe(content);
    expect(readFileSync(join(server.releases, "shared/uploads/p.jpg"), "utf8")).toBe("写真");
    expect(await target.releases?.conversion(ctx)).toBeUndefined();
    await deliverStaged(target, EMPTY, version(1), ctx);
    expect(read("お知らせ/a b.html")).toBe("記事");
    await switchTo(
      target,
      (await names(target)).find((name) => name.startsWith("before-")),
    );
    expect(read("index.html")).toBe("元の頁");
    expect(read("uploads/p.jpg")).toBe("写真");
  });
});

test("a document root that is somebody else's link is copied, and what it leads to stays as it is", async () => {
  lay({ "../site-v1/index.html": "v1", "../site-v1/a/b.html": "b" });
  symlinkSync("site-v1", server.sshd.root);
  await lchown(server.sshd.root, server.sshd.uid, server.sshd.uid);
  await using target = await server.open();
  await expect(deliverVersions(target, 1, 1)).rejects.toMatchObject({ code: "docroot-is-directory" });
  await (await target.releases?.conversion(ctx))?.run(ctx);
  await deliverVersions(target, 1, 1);
  expect(read("a/b.html")).toBe("b");
  const old = join(dirname(server.sshd.root), "site-v1");
  expect(readFileSync(join(old, "index.html"), "utf8")).toBe("v1");
  expect(readdirSync(old).sort()).toEqual(["a", "index.html"]);
  await rm(old, { recursive: true });
});

test.each([{ releasesPath: "/" }, { releasesPath: undefined, path: "/" }])(
  "releases and document root that lie in one another are refused: %j",
  async (settings) => {
    await expect(server.open(settings)).rejects.toMatchObject({ kind: "config", code: "releases-path" });
  },
);

describe("an account", () => {
  test("without a shell can't, and is told so before anything is touched", async () => {
    await using shut = await startReleasesServer({ chroot: true });
    await using target = await shut.open();
    const delivery = deliverStaged(target, EMPTY, version(1), ctx);
    await expect(delivery).rejects.toMatchObject({ kind: "config", code: "no-shell" });
    expect(existsSync(shut.sshd.root)).toBe(false);
  });

  test("without a shell is not offered a conversion either", async () => {
    await using shut = await startReleasesServer({ chroot: true });
    await mkdir(shut.sshd.root, { recursive: true });
    await using target = await shut.open();
    await expect(target.releases?.conversion(ctx)).rejects.toMatchObject({ kind: "config", code: "no-shell" });
    await expect(deliverStaged(target, EMPTY, version(1), ctx)).rejects.toMatchObject({ code: "no-shell" });
  });
});
