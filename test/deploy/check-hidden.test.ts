import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkHidden } from "../../src/deploy/check-hidden.ts";

const content = Buffer.from("probe 試験\n");
const { signal } = new AbortController();
let server: Server;
let url: string;
let answer: { status: number; body: Buffer | string };
let asked: (string | undefined)[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}/blog`;
});
afterEach(() => void server.close());

const check = (webPath: string | undefined, site: string | undefined = url) =>
  checkHidden(webPath, "probe-1.txt", content, site, signal);

describe("whether visitors can read smartsync's records", () => {
  test("they can't where the records lie outside the document root; nobody is asked", async () => {
    expect(await check(undefined)).toEqual({ outcome: "ok", detail: "outside the document root" });
    expect(asked).toEqual([]);
  });

  test("they can when the web server hands the probe out", async () => {
    answer = { status: 200, body: content };
    await expect(check(".smartsync")).rejects.toMatchObject({ code: "state-visible", hint: /statePath/ });
    expect(asked).toEqual(["/blog/.smartsync/probe-1.txt"]);
  });

  test.each([
    ["denies it", 403, "denied"],
    ["does not find it", 404, "not found"],
    ["answers every address with its own page", 200, "<h1>ようこそ</h1>"],
  ])("they can't when the web server %s", async (_, status, body) => {
    answer = { status, body };
    expect((await check(".smartsync")).outcome).toBe("ok");
  });

  test("nobody knows when the site's address is not configured, or does not answer", async () => {
    expect((await checkHidden(".smartsync", "probe-1.txt", content, undefined, signal)).outcome).toBe("warning");
    server.close();
    expect(await check(".smartsync")).toMatchObject({ outcome: "warning", detail: /ECONNREFUSED/ });
  });
});
