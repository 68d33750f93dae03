import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import type { Change, PutChange } from "../../../src/core/change.ts";
import { type ServingHeaders, servingHash } from "../../../src/core/serving.ts";
import type { FileMeta } from "../../../src/core/snapshot.ts";
import type { PutResult, Target } from "../../../src/targets/target.ts";
import { bodyOf, bytes, metaOf, relPath } from "../../doubles/site-file.ts";
import { expectContent } from "../expect-content.ts";
import type { Look, TargetTest } from "../target-contract.ts";
import { openStage } from "./staged-site.ts";

const FULL: ServingHeaders = {
  contentType: "text/html; charset=Shift_JIS",
  cacheControl: "public, max-age=60",
  contentLanguage: "ja",
  metadata: { author: "hanako" },
};
const FULL_TOLD = {
  "content-type": FULL.contentType,
  "cache-control": FULL.cacheControl,
  "content-language": "ja",
  "meta-author": "hanako",
};
const PLAIN: ServingHeaders = { contentType: "text/plain" };

const CONTENT = Buffer.from("<p>会社案内</p>");

/** Headers as part of a file, the survey, and changing the one without sending the other. */
export function servingCases(it: TargetTest): void {
  it("a file is served with the headers it was put with, and with no older ones", async ({ target, look, ctx }) => {
    const file = page("会社/案内.html", FULL);
    await target.put(file, bodyOf(CONTENT), ctx);
    expect(await headersOf(look, file.path)).toMatchObject(FULL_TOLD);
    await target.put(page(file.path, PLAIN), bodyOf(CONTENT), ctx);
    const headers = await headersOf(look, file.path);
    expect(headers["content-type"]).toBe("text/plain");
    for (const old of ["content-language", "meta-author"]) expect(headers).not.toHaveProperty(old);
  });

  it("compressed bytes lie there as they came, and the file's own hash is told", async ({ target, look, ctx }) => {
    const packed = gzipSync(CONTENT);
    const file = page("a.html", { ...FULL, contentEncoding: "gzip", compress: "gzip" });
    const { etag } = await target.put(file, bodyOf(packed), ctx);
    expectContent(await look.read("a.html"), packed);
    expectContent(await target.get(file.path, ctx), packed);
    expect(await headersOf(look, "a.html")).toMatchObject({ "content-encoding": "gzip" });
    expect(await target.describe?.(file.path, ctx)).toMatchObject({
      path: file.path,
      size: packed.length,
      etag,
      sha256: file.sha256,
      serving: file.serving?.hash,
    });
  });

  it("a survey has every file with what is said of it, whatever was known before", async ({ target, look, ctx }) => {
    const paths = Array.from({ length: 60 }, (_, i) => relPath(`記事/${i % 7}/${i}.html`));
    const etags = new Map<string, string | undefined>();
    await Promise.all(
      paths.map(async (path) => etags.set(path, (await target.put(page(path, FULL), bodyOf(CONTENT), ctx)).etag)),
    );
    await look.write("手で.html", bytes(12));
    await target.state.write("head.json", bytes(10), ctx);
    await target.state.takeLock(bytes(10), ctx);
    for (const known of [[], [...paths].sort(), ["あ.html", "無い.html"].map(relPath)]) {
      const found = await surveyed(target, known, ctx);
      expect([...found.keys()].sort()).toEqual([...paths, "手で.html"].sort());
      for (const path of paths)
        expect(found.get(path)).toMatchObject({ path, size: CONTENT.length, etag: etags.get(path) });
      const md5 = createHash("md5").update(CONTENT).digest("hex");
      for (const path of paths) expect([undefined, md5]).toContain(found.get(path)?.md5);
    }
  });

  it("an empty site is an empty survey, and nothing is told of what is not there", async ({ target, ctx }) => {
    expect((await surveyed(target, [relPath("a.html")], ctx)).size).toBe(0);
    expect(await target.describe?.(relPath("a.html"), ctx)).toBeUndefined();
  });

  it("a file is served in another way without its bytes being sent", async ({ target, look, ctx }) => {
    const first = page("a.html", PLAIN);
    const { etag = "" } = await target.put(first, bodyOf(CONTENT), ctx);
    const second = page("a.html", FULL);
    const served = await target.serveAs?.(second, etag, ctx);
    expect(await headersOf(look, "a.html")).toMatchObject(FULL_TOLD);
    expectContent(await look.read("a.html"), CONTENT);
    const known = { sha256: second.sha256, serving: second.serving?.hash };
    expect(await target.describe?.(second.path, ctx)).toMatchObject({ ...known, ...served });
    expect((await surveyed(target, [], ctx)).get(second.path)?.etag).toBe(served?.etag);
  });

  it("what is another file by now, or gone, is not served in another way", async ({ target, look, ctx }) => {
    const { etag = "" } = await target.put(page("a.html", PLAIN), bodyOf(CONTENT), ctx);
    await look.write("a.html", Buffer.from("手作業"));
    expect(await target.serveAs?.(page("a.html", FULL), etag, ctx)).toBeUndefined();
    expectContent(await look.read("a.html"), Buffer.from("手作業"));
    expect(await headersOf(look, "a.html")).not.toMatchObject(FULL_TOLD);
    await target.remove([relPath("a.html")], ctx);
    expect(await target.serveAs?.(page("a.html", FULL), etag, ctx)).toBeUndefined();
    expect(await look.listAll()).toEqual([]);
  });

  it("a publication shows files with their headers, changes those of others, and reverting brings all back", async ({
    target,
    look,
    ctx,
  }) => {
    const { etag = "" } = await target.put(page("headers.html", PLAIN), bodyOf(CONTENT), ctx);
    await target.put(page("content.html", PLAIN), bodyOf(bytes(50)), ctx);
    await target.put(page("gone.html", FULL), bodyOf(CONTENT), ctx);
    const before = await everything(look);
    const changes: Change[] = [
      put(page("content.html", FULL), "content"),
      put(page("new.html", FULL), "new"),
      { ...put(page("headers.html", FULL), "headers"), heldEtag: etag },
      { kind: "delete", path: relPath("gone.html"), size: CONTENT.length },
    ];
    await using stage = await openStage(target, ctx);
    for (const path of ["content.html", "new.html"]) await stage.put(page(path, FULL), bodyOf(CONTENT), ctx);
    const phases = [
      { name: "pages", changes: changes.slice(0, 3) },
      { name: "deletions", changes: changes.slice(3) },
    ] as const;
    await stage.prepare({ phases, missingDirs: [], emptied: [] }, ctx);
    expect(await everything(look)).toEqual(before);
    const told = new Map<Change, PutResult | undefined>();
    await stage.publish(ctx, (change, result) => told.set(change, result));
    for (const path of ["content.html", "new.html", "headers.html"]) {
      expectContent(await look.read(path), CONTENT);
      expect(await headersOf(look, path), path).toMatchObject(FULL_TOLD);
    }
    const survey = await surveyed(target, [], ctx);
    for (const change of changes) {
      if (change.kind === "put") expect(told.get(change)?.etag).toBe(survey.get(change.file.path)?.etag);
    }
    expect(new Set(told.keys())).toEqual(new Set(changes));
    await stage.revert(ctx);
    expect(await everything(look)).toEqual(before);
  });

  it("a file that changed since it was to be served in another way can't be published", async ({
    target,
    look,
    ctx,
  }) => {
    const { etag = "" } = await target.put(page("a.html", PLAIN), bodyOf(CONTENT), ctx);
    await look.write("a.html", Buffer.from("手作業"));
    await using stage = await openStage(target, ctx);
    const changes = [{ ...put(page("a.html", FULL), "headers"), heldEtag: etag }];
    const prepared = stage.prepare({ phases: [{ name: "pages", changes }], missingDirs: [], emptied: [] }, ctx);
    await expect(prepared).rejects.toMatchObject({ kind: "conflict", code: "target-moved" });
    expectContent(await look.read("a.html"), Buffer.from("手作業"));
  });
}

function page(path: string, headers: ServingHeaders): FileMeta {
  return metaOf(path, CONTENT, { serving: { ...headers, hash: servingHash(headers) } });
}

function put(file: FileMeta, reason: PutChange["reason"]): PutChange {
  return { kind: "put", file, reason };
}

async function surveyed(target: Target, ...args: Parameters<NonNullable<Target["survey"]>>) {
  if (target.survey === undefined) throw new Error("this target is expected to survey");
  return target.survey(...args);
}

async function headersOf(look: Look, path: string): Promise<Record<string, string>> {
  if (look.headers === undefined) throw new Error("headers are expected to be told");
  return look.headers(path);
}

/** What visitors are answered, for every file. */
async function everything(look: Look): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const path of await look.listAll()) {
    const headers = await headersOf(look, path);
    const told = ["content-type", "cache-control", "content-language", "meta-author"].map((name) => headers[name]);
    seen[path] = [Buffer.from((await look.read(path)) ?? []).toString("latin1"), ...told];
  }
  return seen;
}
