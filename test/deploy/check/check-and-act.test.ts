import { expect, test } from "vitest";
import { servePages, startPages } from "./page-server.ts";
import { tryCheck } from "./try-check.ts";

const delivered = { "index.html": "new" };

/** An edge that gives the old page so many times, then the new one. */
function staleFor(times: number) {
  let looks = 0;
  return startPages(servePages(() => ({ "/": looks++ < times ? "old" : "new" })));
}

test("an edge that is fresh at once is looked at once", async () => {
  const edge = await staleFor(0);
  const { result, events, slept } = await tryCheck({ edge: edge.url, delivered });
  expect(result).toEqual({ outcome: "fresh", urls: 1, freshAfter: 0, wrong: [] });
  expect(events).toEqual([{ type: "checking", cdn: "edge", urls: 1, within: 120 }]);
  expect(edge.asked.map(({ path }) => path)).toEqual(["/"]);
  expect(slept).toEqual([]);
});

test("a look is a first visitor's: no cookie, nothing compressed, and it says who it is", async () => {
  const edge = await staleFor(0);
  await tryCheck({ edge: edge.url, delivered });
  const [asked] = edge.asked;
  expect(asked?.headers).toMatchObject({ "accept-encoding": "identity", host: new URL(edge.url).host });
  expect(asked?.headers["user-agent"]).toMatch(/^smartsync/);
  expect(asked?.headers).not.toHaveProperty("cookie");
  expect(asked?.headers).not.toHaveProperty("cache-control");
});

test("an edge that is stale for three looks is asked again, with growing pauses, until it is fresh", async () => {
  const edge = await staleFor(3);
  const { result, slept, events } = await tryCheck({ edge: edge.url, delivered });
  expect(result).toEqual({ outcome: "fresh", urls: 1, freshAfter: 7, wrong: [] });
  expect(slept).toEqual([1, 2, 4]);
  expect(events.filter(({ type }) => type === "checking")).toHaveLength(1);
});

test("what is fresh already is not asked for again", async () => {
  let looks = 0;
  const edge = await startPages(servePages(() => ({ "/a.html": "a", "/b.html": looks++ < 3 ? "old" : "b" })));
  const { result } = await tryCheck({ edge: edge.url, delivered: { "a.html": "a", "b.html": "b" } });
  expect(result.outcome).toBe("fresh");
  expect(edge.asked.filter(({ path }) => path === "/a.html")).toHaveLength(1);
});

test("an edge that stays stale is warned of once its time has passed, and not before", async () => {
  const edge = await staleFor(99);
  const { result, slept, warnings } = await tryCheck({ edge: edge.url, delivered, settings: { within: "90s" } });
  const wrong = [{ url: edge.url, where: "edge", why: "other content than was delivered" }];
  expect(result).toEqual({ outcome: "stale", urls: 1, wrong, remedy: "warned" });
  expect(slept.reduce((sum, each) => sum + each)).toBe(90);
  expect(slept).toEqual([1, 2, 4, 8, 15, 15, 15, 15, 15]);
  expect(warnings).toEqual(["check-stale"]);
});

test("onFailure: purge purges once more and looks again", async () => {
  let page = "old";
  let purges = 0;
  const edge = await startPages(servePages(() => ({ "/": page })));
  const settings = { within: "7s", onFailure: "purge" };
  const purgeAgain = async () => {
    purges++;
    page = "new";
  };
  const { result, warnings } = await tryCheck({ edge: edge.url, delivered, settings, purgeAgain });
  expect(result).toEqual({ outcome: "fresh", urls: 1, freshAfter: 7, wrong: [], remedy: "purged-again" });
  expect(purges).toBe(1);
  expect(warnings).toEqual([]);
});

test("onFailure: purge that does not help is warned of, and tried only once", async () => {
  const edge = await staleFor(99);
  let purges = 0;
  const purgeAgain = async () => void purges++;
  const settings = { within: "7s", onFailure: "purge" };
  const { result, warnings, slept } = await tryCheck({ edge: edge.url, delivered, settings, purgeAgain });
  expect(result).toMatchObject({ outcome: "stale", remedy: "purged-again" });
  expect(purges).toBe(1);
  expect(slept).toEqual([1, 2, 4, 1, 2, 4]);
  expect(warnings).toEqual(["check-stale"]);
});

test("a second purge that fails is told, and ends nothing", async () => {
  const edge = await staleFor(99);
  const purgeAgain = async () => Promise.reject(new Error("the token was revoked"));
  const settings = { within: "1s", onFailure: "purge" };
  const { result, warnings, events } = await tryCheck({ edge: edge.url, delivered, settings, purgeAgain });
  expect(result).toMatchObject({ outcome: "stale", remedy: "warned" });
  expect(warnings).toEqual(["check-remedy-failed", "check-stale"]);
  expect(JSON.stringify(events)).toContain("the token was revoked");
});

test("onFailure: rollback rolls back where a target can, and says so where none can", async () => {
  const edge = await staleFor(99);
  let back = 0;
  const settings = { within: "1s", onFailure: "rollback" };
  const rollBack = async () => void back++;
  const could = await tryCheck({ edge: edge.url, delivered, settings, rollBack });
  expect(could.result).toMatchObject({ outcome: "stale", remedy: "rolled-back" });
  expect(could.warnings).toEqual(["check-stale"]);
  expect(back).toBe(1);
  const couldNot = await tryCheck({ edge: edge.url, delivered, settings });
  expect(couldNot.result).toMatchObject({ outcome: "stale", remedy: "warned" });
  expect(couldNot.warnings).toEqual(["check-remedy-failed", "check-stale"]);
});

test("nothing is rolled back nor purged because nobody answers", async () => {
  const edge = await startPages((request) => request.socket.destroy());
  const acts: string[] = [];
  for (const onFailure of ["rollback", "purge"]) {
    const { result, warnings } = await tryCheck({
      edge: edge.url,
      delivered,
      settings: { within: "1s", onFailure },
      purgeAgain: async () => void acts.push("purged"),
      rollBack: async () => void acts.push("rolled back"),
    });
    expect(result).toMatchObject({ outcome: "unreachable", remedy: "warned" });
    expect(warnings).toEqual(["check-unreachable"]);
  }
  expect(acts).toEqual([]);
});

test("an origin that is wrong itself is told apart, and no purge is made since none would help", async () => {
  const edge = await startPages(servePages(() => ({ "/": "old" })));
  const origin = await startPages(servePages(() => ({ "/": "old" })));
  let purges = 0;
  const { result, events } = await tryCheck({
    edge: edge.url,
    delivered,
    settings: { within: "1s", onFailure: "purge", origin: origin.url },
    purgeAgain: async () => void purges++,
  });
  const why = "other content than was delivered";
  const behind = { url: edge.url, where: "origin", why };
  expect(result.wrong).toEqual([{ url: edge.url, where: "edge", why }, behind]);
  expect(purges).toBe(0);
  expect(events).toContainEqual(expect.objectContaining({ hint: expect.stringContaining("no purge helps") }));
});

test("the origin is asked below its own path, for the visitors' host or another", async () => {
  const edge = await startPages(servePages(() => ({ "/": "new" })));
  const origin = await startPages(servePages(() => ({ "/www/": "new" })));
  const settings = { origin: `${origin.url}www/` };
  expect((await tryCheck({ edge: edge.url, delivered, settings })).result.outcome).toBe("fresh");
  await tryCheck({ edge: edge.url, delivered, settings: { ...settings, originHost: "origin.example.jp" } });
  expect(origin.asked.map(({ headers }) => headers.host)).toEqual([new URL(edge.url).host, "origin.example.jp"]);
});

test("headers are compared with the origin's, by name and whatever their case", async () => {
  const edge = await startPages((_, response) => response.setHeader("Cache-Control", "no-cache").end("new"));
  const origin = await startPages((_, response) => response.setHeader("Cache-Control", "max-age=60").end("new"));
  const settings = { origin: origin.url, within: "1s", headers: ["Cache-CONTROL", "vary"] };
  const { result } = await tryCheck({ edge: edge.url, delivered, settings });
  const why = "cache-control: no-cache instead of cache-control: max-age=60";
  expect(result.wrong).toEqual([{ url: edge.url, where: "edge", why }]);
});

test("content nobody knows is compared with the origin's", async () => {
  const edge = await startPages(servePages(() => ({ "/": "old" })));
  const origin = await startPages(servePages(() => ({ "/": "new" })));
  const unknown = { "index.html": null };
  const alone = await tryCheck({ edge: edge.url, delivered: unknown });
  expect(alone.result.outcome).toBe("fresh");
  const both = await tryCheck({ edge: edge.url, delivered: unknown, settings: { origin: origin.url, within: "1s" } });
  expect(both.result.wrong).toEqual([{ url: edge.url, where: "edge", why: "other content than the origin gives" }]);
});

test("a missing page, a deleted one that is still served, and a redirect are told by their status", async () => {
  const redirect = `${"https://www.example.jp/"}`;
  const edge = await startPages(
    servePages(() => ({
      "/deleted.html": "still here",
      "/moved.html": (_, response) => response.writeHead(301, { location: redirect }).end(),
    })),
  );
  const { result } = await tryCheck({
    edge: edge.url,
    delivered: { "deleted.html": undefined, "missing.html": "m", "moved.html": "m", "really-gone.html": undefined },
    settings: { within: "1s" },
  });
  const found = Object.fromEntries(result.wrong.map(({ url, why }) => [new URL(url).pathname, why]));
  expect(found).toEqual({
    "/deleted.html": "200 instead of 404",
    "/missing.html": "404 instead of 200",
    "/moved.html": `301 to ${redirect} instead of 200`,
  });
});

test.each([404, 410, 403])("a deleted file that answers %i is gone", async (status) => {
  const edge = await startPages((_, response) => response.writeHead(status).end());
  const { result } = await tryCheck({ edge: edge.url, delivered: { "old.html": undefined } });
  expect(result.outcome).toBe("fresh");
});

test("compare: status leaves content alone", async () => {
  const edge = await startPages(servePages(() => ({ "/": "<minified>" })));
  const { result } = await tryCheck({ edge: edge.url, delivered, settings: { compare: "status" } });
  expect(result.outcome).toBe("fresh");
});

test("Japanese names, spaces, # and % are asked for as browsers ask", async () => {
  const names = ["会社案内/概要.html", "a b.html", "c#1.html", "100%.html", "q?.html", "が.html", "日本語/index.html"];
  const delivered = Object.fromEntries(names.map((name) => [name, name]));
  const edge = await startPages((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    const name = path.endsWith("/") ? `${path}index.html` : path;
    response.statusCode = names.includes(name) ? 200 : 404;
    response.end(name);
  });
  const { result } = await tryCheck({ edge: edge.url, delivered });
  expect(result).toMatchObject({ outcome: "fresh", urls: names.length, wrong: [] });
  const paths = edge.asked.map(({ path }) => path);
  expect(paths).toContain("/%E6%97%A5%E6%9C%AC%E8%AA%9E/");
  expect(paths).toContain("/c%231.html");
  expect(paths).toContain("/100%25.html");
});

test("no more than 20 wrong addresses are told, of however many", async () => {
  const edge = await startPages((_, response) => response.end("old"));
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}.html`, "new"]));
  const { result } = await tryCheck({ edge: edge.url, delivered: many, settings: { sample: 30, within: "1s" } });
  expect(result.urls).toBe(30);
  expect(result.wrong).toHaveLength(20);
});

test("nothing to look at is fresh, and not spoken of", async () => {
  const { result, events } = await tryCheck({ edge: "http://127.0.0.1:1/", delivered: {} });
  expect(result).toEqual({ outcome: "fresh", urls: 0, freshAfter: 0, wrong: [] });
  expect(events).toEqual([]);
});

test("it stops when the run is stopped, in the middle of a look", async () => {
  const stop = new AbortController();
  const edge = await startPages(() => stop.abort());
  const looking = tryCheck({ edge: edge.url, delivered, signal: stop.signal });
  await expect(looking).rejects.toMatchObject({ kind: "aborted" });
});
