import { expect, test } from "vitest";
import type { PurgeResult } from "../../src/core/purge-result.ts";
import { isBad, renderPurge } from "../../src/report/purge-text.ts";
import { renderEnd } from "../../src/report/result-text.ts";
import { plainStyle } from "../../src/report/style.ts";

const done: PurgeResult = {
  cdn: "edge",
  outcome: "done",
  requests: 1,
  items: 3,
  changed: 41,
  dropped: 41,
  of: 12_400,
  usd: 0,
  ids: ["I2J0"],
  seconds: 1.24,
};

function told(result: Partial<PurgeResult>): string[] {
  return renderPurge({ ...done, ...result }, plainStyle);
}

test("a purge says what it dropped, in how much, for how much, and its name at the provider", () => {
  expect(told({})).toEqual([
    "✓ purged  edge  41 of 12,400 files in 3 items and 1 request · 0.000 USD · 1.2 s",
    "  I2J0",
  ]);
  const { usd, ...free } = done;
  expect(renderPurge({ ...free, ids: [], items: 1 }, plainStyle)).toEqual([
    "✓ purged  edge  41 of 12,400 files in 1 item and 1 request · 1.2 s",
  ]);
});

test("what is dropped beside it is told, and so are files that are gone", () => {
  expect(told({ dropped: 300, ids: [] })).toEqual([
    "✓ purged  edge  300 of 12,400 files in 3 items and 1 request, 259 of them unchanged · 0.000 USD · 1.2 s",
  ]);
  expect(told({ changed: 3, dropped: 3, of: 2, ids: [] })[0]).toContain("  edge  3 files in 3 items");
});

test("many names are told in part", () => {
  expect(told({ ids: ["a", "b", "c", "d", "e"] })[1]).toBe("  a, b, c and 2 others");
});

test("what earlier runs had left is told", () => {
  expect(told({ ids: [], madeGood: ["20261122T174501-3f9a2c71"] })[1]).toBe(
    "  with what 20261122T174501-3f9a2c71 had left to purge",
  );
});

test("a failure is told with its code and its hint", () => {
  const failure = { kind: "auth", code: "credentials-wrong", message: "the token was revoked", hint: "make a new one" };
  expect(told({ outcome: "failed", requests: 0, items: 0, ids: [], failure })).toEqual([
    "✗ purge failed  edge",
    "  error: the token was revoked [credentials-wrong]",
    "  hint: make a new one",
  ]);
});

test("what was kept for later, or given up, says how much", () => {
  expect(told({ outcome: "waiting", items: 0, ids: [] })).toEqual(["! purge waits  edge  41 files changed"]);
  expect(told({ outcome: "skipped", items: 0, ids: [] })).toEqual(["! not purged  edge  41 files changed"]);
  expect(told({ outcome: "nothing", items: 0, ids: [] })).toEqual(["✓ nothing to purge  edge"]);
});

test("a look at the addresses says how long it took until visitors saw it, or who still gives what", () => {
  const fresh = { outcome: "fresh", urls: 1, freshAfter: 18, wrong: [] } as const;
  expect(told({ ids: [], check: fresh })[1]).toBe(
    "✓ visitors see it  edge  1 address looked at · 18 s after the purge",
  );
  const wrong = [
    { url: "https://www.example.jp/%E4%BC%9A/", where: "edge", why: "other content than was delivered" },
    { url: "https://www.example.jp/a.html", where: "origin", why: "404 instead of 200" },
  ] as const;
  expect(told({ ids: [], check: { outcome: "stale", urls: 12, wrong, remedy: "purged-again" } }).slice(1)).toEqual([
    "✗ visitors don't see it yet  edge  12 addresses looked at; it was purged once more",
    "  edge    https://www.example.jp/%E4%BC%9A/: other content than was delivered",
    "  origin  https://www.example.jp/a.html: 404 instead of 200",
  ]);
});

test("only what wants attention is told to whoever asked for quiet", () => {
  expect(isBad(done)).toBe(false);
  expect(isBad({ ...done, outcome: "waiting" })).toBe(true);
  expect(isBad({ ...done, check: { outcome: "stale", urls: 1, wrong: [] } })).toBe(true);
});

const delivered = {
  target: "web1",
  outcome: "done",
  uploaded: 1,
  deleted: 0,
  unchanged: 0,
  bytes: 1,
  seconds: 1,
} as const;

test("a run of which only the purge failed says so, and what to do", () => {
  const about = { type: "done", run: "R", site: "本社", outcome: "partial", seconds: 2, targets: [delivered] } as const;
  expect(renderEnd({ ...about, purges: [{ ...done, outcome: "failed" }] }, plainStyle)).toEqual([
    "! delivered, but a purge failed  本社 on 1 of 1 target in 2.0 s",
    "  The next delivery purges what is left; at once: smartsync purge 本社",
    "  what happened: smartsync show R",
  ]);
  const stale = { ...done, check: { outcome: "stale", urls: 1, wrong: [] } } as const;
  expect(renderEnd({ ...about, purges: [stale] }, plainStyle)[0]).toBe(
    "! delivered, but visitors don't see it yet  本社 on 1 of 1 target in 2.0 s",
  );
});
