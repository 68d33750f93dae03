import { expect, test } from "vitest";
import {
  encodePurgeNote,
  isEmptyScope,
  joinScopes,
  type PurgeNote,
  parsePurgeNote,
} from "../../src/core/purge-note.ts";
import { parseRelPath } from "../../src/core/rel-path.ts";
import { seal } from "../../src/core/sealed.ts";

const paths = ["index.html", "会社/沿革.html"].flatMap((path) => parseRelPath(path) ?? []);
const note: PurgeNote = {
  format: 1,
  run: "20261122T174501-3f9a2c71",
  at: "2026-11-22T17:45:01.234Z",
  site: "本社",
  cdns: { 前段: paths, edge: "everything" },
};

test("a note says what it was written with", () => {
  expect(parsePurgeNote(encodePurgeNote(note))).toEqual(note);
});

test("a note that is cut off, changed, or of a newer smartsync is not understood", () => {
  const bytes = encodePurgeNote(note);
  expect(() => parsePurgeNote(bytes.subarray(0, -1))).toThrow("damaged");
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => parsePurgeNote(changed), `byte ${at}`).toThrow();
  }
  expect(() => parsePurgeNote(seal(JSON.stringify({ ...note, format: 2 })))).toThrow("newer smartsync");
});

test("a note names nothing outside the site", () => {
  const outside = seal(JSON.stringify({ ...note, cdns: { edge: ["../secret"] } }));
  expect(() => parsePurgeNote(outside)).toThrow("cdns.edge");
});

test("scopes are joined, and everything is more than any path", () => {
  const [one, other] = paths.map((path) => new Set([path]));
  expect(joinScopes([one ?? "everything", other ?? "everything"])).toEqual(new Set(paths));
  expect(joinScopes([new Set(paths), "everything"])).toBe("everything");
  expect([isEmptyScope(joinScopes([])), isEmptyScope("everything"), isEmptyScope(new Set(paths))]).toEqual([
    true,
    false,
    false,
  ]);
});
