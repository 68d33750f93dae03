import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "../../src/core/diff.ts";
import type { Doubt, Identity, ListedFile } from "../../src/core/identity.ts";
import { compareListing, type Reconciled, reconcile, recordable } from "../../src/core/reconcile.ts";
import type { RelPath } from "../../src/core/rel-path.ts";
import { UNKNOWN_SERVING } from "../../src/core/serving.ts";
import type { RemoteFile } from "../../src/core/snapshot.ts";
import { local, relPath, sha256 } from "./snapshots.ts";

const SERVED = "plain-0123456789abcdef";

function known(path: string, content: string | null, etag?: string): RemoteFile {
  const size = Buffer.byteLength(content ?? "?");
  const about = { path: relPath(path), size, sha256: content === null ? null : sha256(content) };
  return etag === undefined ? about : { ...about, etag, serving: SERVED };
}

function listed(path: string, etag: string, more: Partial<ListedFile> = {}): ListedFile {
  return { path: relPath(path), size: 3, etag, ...more };
}

function byPath<T extends { readonly path: RelPath }>(files: readonly T[]): Map<RelPath, T> {
  return new Map(files.map((file) => [file.path, file]));
}

/** Reconciles with what these paths turn out to be. */
function settle(
  records: readonly RemoteFile[],
  there: readonly ListedFile[],
  site: Record<string, string>,
  found: Record<string, Identity> = {},
): Reconciled & { doubts: readonly Doubt[] } {
  const comparison = compareListing(byPath(records), byPath(there), local(site).files);
  const identities = new Map(Object.entries(found).map(([path, identity]) => [relPath(path), identity]));
  return { ...reconcile(comparison, identities), doubts: comparison.doubts };
}

describe("records beside a listing", () => {
  test("say all there is to know where every etag is as recorded, and no new map is made", () => {
    const records = [known("index.html", "one", "a"), known("画像/会社.png", "two", "b")];
    const comparison = compareListing(
      byPath(records),
      byPath([listed("index.html", "a"), listed("画像/会社.png", "b")]),
      new Map(),
    );
    const { files, ...rest } = reconcile(comparison, new Map());
    expect(files).toBe(comparison.known);
    expect(rest).toEqual({ mark: "", adopted: 0, drifted: [], isNews: false });
  });

  test("lose what is not there any more, and tell it as drift", () => {
    const { files, drifted, isNews } = settle(
      [known("a.html", "one", "a"), known("b.html", "two", "b")],
      [listed("b.html", "b")],
      {},
    );
    expect([...files.keys()]).toEqual(["b.html"]);
    expect(drifted).toEqual(["a.html"]);
    expect(isNews).toBe(true);
  });

  test("give way to a changed object, which is not taken for known unless it is identified", () => {
    const records = [known("a.html", "one", "a"), known("b.html", "two", "b")];
    const there = [listed("a.html", "changed"), listed("b.html", "rewritten")];
    const found = { "b.html": { sha256: sha256("two"), serving: UNKNOWN_SERVING } };
    const { files, drifted } = settle(records, there, { "a.html": "one", "b.html": "two" }, found);
    expect(files.get(relPath("a.html"))).toEqual({ path: "a.html", size: 3, sha256: null, etag: "changed" });
    expect(files.get(relPath("b.html"))).toMatchObject({
      sha256: sha256("two"),
      etag: "rewritten",
      serving: UNKNOWN_SERVING,
    });
    expect(drifted).toEqual(["a.html", "b.html"]);
  });

  test("say of a rewritten object that is served alike that it is as it was; its etag is news", () => {
    const found = { "a.html": { sha256: sha256("one"), serving: SERVED } };
    const { drifted, isNews, files } = settle(
      [known("a.html", "one", "a")],
      [listed("a.html", "b")],
      { "a.html": "one" },
      found,
    );
    expect(drifted).toEqual([]);
    expect(isNews).toBe(true);
    expect(files.get(relPath("a.html"))?.etag).toBe("b");
  });

  test("adopt what another tool put there when it is equal, and leave alone what the site has not", () => {
    const there = [listed("記事/一.html", "x"), listed("theirs.txt", "y"), listed("other.html", "z")];
    const site = { "記事/一.html": "one", "other.html": "two" };
    const found = { "記事/一.html": { sha256: sha256("one"), serving: UNKNOWN_SERVING } };
    const { files, adopted, isNews } = settle([], there, site, found);
    expect([...files.keys()].sort()).toEqual(["other.html", "記事/一.html"]);
    expect(adopted).toBe(1);
    expect(isNews).toBe(true);
    const policy = { force: false, excluded: () => false };
    const changes = diff(local(site), { files, state: "" }, policy);
    expect(changes.map((change) => change.kind === "put" && change.reason)).toEqual(["content"]);
    // Somebody else's object that was not replaced is not recorded: nobody would be allowed to delete it.
    expect([...recordable(files).keys()]).toEqual(["記事/一.html"]);
  });

  test("keep a path of an interrupted delivery unknown when nobody can say what it holds", () => {
    const interrupted = known("a.html", null);
    const { files, isNews } = settle([interrupted], [listed("a.html", "x")], { "a.html": "one" });
    expect(files.get(relPath("a.html"))).toEqual(interrupted);
    expect(isNews).toBe(false);
  });

  test("have the same mark for the same differences, in whatever order they are listed, and another for others", () => {
    const there = [listed("a.html", "1"), listed("b.html", "2")];
    const site = { "a.html": "one", "b.html": "two" };
    const { mark } = settle([], there, site);
    expect(settle([], there.toReversed(), site).mark).toBe(mark);
    expect(settle([], [listed("a.html", "1"), listed("b.html", "3")], site).mark).not.toBe(mark);
    expect(settle([], there.slice(1), site).mark).not.toBe(mark);
  });
});

describe("of any records, listing and site", () => {
  const path = fc.constantFrom("a", "b/c", "記事/一.html", "d", "e~f");
  const content = fc.constantFrom("one", "two", "三");
  const etag = fc.constantFrom("1", "2", "3");
  const record = fc.record({ content: fc.option(content), etag: fc.option(etag, { nil: undefined }) });
  const world = fc.record({
    records: fc.dictionary(path, record),
    there: fc.dictionary(path, fc.record({ etag, content })),
    site: fc.dictionary(path, content),
    recognised: fc.uniqueArray(path),
  });

  test("nothing known is lost, unknown is never taken for known, and nobody else's object is touched", () => {
    fc.assert(
      fc.property(world, ({ records, there, site, recognised }) => {
        const before = Object.entries(records).map(([name, each]) => known(name, each.content, each.etag));
        const listing = Object.entries(there).map(([name, each]) => listed(name, each.etag));
        const identities = Object.fromEntries(
          recognised.flatMap((name) => {
            const content = there[name]?.content;
            return content === undefined ? [] : [[name, { sha256: sha256(content), serving: SERVED }]];
          }),
        );
        const { files, doubts, drifted } = settle(before, listing, site, identities);
        for (const file of before) {
          const now = there[file.path];
          if (now === undefined) expect(files.has(file.path)).toBe(false);
          // An etag as recorded is the file as recorded; nobody looks at it again.
          else if (file.sha256 !== null && file.etag === now.etag) {
            expect(files.get(file.path)).toBe(file);
            expect(doubts.some((doubt) => doubt.there.path === file.path)).toBe(false);
          } else expect(files.has(file.path)).toBe(true);
        }
        for (const file of files.values()) {
          // What is there is part of the site or was recorded, and never without a listing.
          expect(there[file.path]).toBeDefined();
          expect(records[file.path] ?? site[file.path]).toBeDefined();
          const isRecorded = before.includes(file);
          if (file.sha256 !== null && !isRecorded) expect(file.sha256).toBe(identities[file.path]?.sha256);
        }
        for (const name of drifted) expect(records[name]?.content).not.toBeNull();
        const changes = diff(local(site), { files, state: "" }, { force: false, excluded: () => false });
        for (const change of changes) if (change.kind === "delete") expect(records[change.path]).toBeDefined();
      }),
    );
  });
});
