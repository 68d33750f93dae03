import { expect, test } from "vitest";
import { nginxCdn } from "../../src/cdns/nginx.ts";
import { startNginxCache } from "../servers/nginx-cache.ts";
import { testCaches } from "./test-caches.ts";

const open = (settings: object) =>
  nginxCdn.open(nginxCdn.schema.parse({ type: "nginx", ...settings }), { name: "edge", baseDir: "/" });

testCaches({ name: "nginx", start: startNginxCache, open });

const problemsOf = (settings: object) =>
  nginxCdn.schema
    .safeParse({ type: "nginx", nodes: ["http://10.0.0.1/"], ...settings })
    .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

test("the nodes' addresses end with the port", () => {
  expect(problemsOf({ nodes: ["http://10.0.0.1/", "http://10.0.0.2/purge"] })).toEqual([
    "nodes.1: must end with the port: what is purged is known from the site",
  ]);
});

test("a method that a server behind the node would carry out can't be set", () => {
  expect(problemsOf({ method: "REFRESH" })).toBeUndefined();
  expect(problemsOf({ method: "DELETE" })).toEqual([
    "method: must be one that means nothing to the server behind the node",
  ]);
});
