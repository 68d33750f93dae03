import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { beforeAll, expect, test } from "vitest";
import { serverCertificate } from "../../servers/certificates.ts";
import { startPages } from "./page-server.ts";
import { tryCheck } from "./try-check.ts";

const delivered = { "index.html": "new" };

// What NODE_EXTRA_CA_CERTS does for a whole process. The test CA vouches for 127.0.0.1 and localhost.
beforeAll(() => {
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(serverCertificate("valid").caFile, "utf8")]);
});

test("an edge and an origin with certificates that are trusted are looked at", async () => {
  const edge = await startPages((_, response) => response.end("new"), true);
  const origin = await startPages((_, response) => response.end("new"), true);
  const settings = { origin: origin.url, originHost: "localhost" };
  const { result } = await tryCheck({ edge: edge.url, delivered, settings });
  expect(result).toMatchObject({ outcome: "fresh", urls: 1 });
  expect(origin.asked).toHaveLength(1);
});

test("an origin's certificate must be for the host it is asked for", async () => {
  const edge = await startPages((_, response) => response.end("new"), true);
  const origin = await startPages((_, response) => response.end("new"), true);
  const settings = { origin: origin.url, originHost: "www.example.jp" };
  const { result, warnings } = await tryCheck({ edge: edge.url, delivered, settings });
  expect(result).toMatchObject({ outcome: "unreachable", wrong: [{ where: "origin" }] });
  expect(result.wrong).toHaveLength(1);
  expect(warnings).toEqual(["check-unreachable"]);
  expect(origin.asked).toEqual([]);
});
