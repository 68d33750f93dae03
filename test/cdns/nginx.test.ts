import { expect, test } from "vitest";
import { nginxCdn } from "../../src/cdns/nginx.ts";
import { startNginxCache } from "../servers/nginx-cache.ts";
import { testCaches } from "./test-caches.ts";

const open = (settings: object) =>
  nginxCdn.open(nginxCdn.schema.parse({ type: "nginx", ...settings }), { name: "edge", baseDir: "/" });

testCaches({ name: "nginx", start: startNginxCache, open });

test("the nodes' addresses end with the port", () => {
  const { data, error } = nginxCdn.schema.safeParse({
    type: "nginx",
    nodes: ["http://10.0.0.1/", "http://10.0.0.2/purge"],
  });
  expect(data).toBeUndefined();
  expect(error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual([
    "nodes.1: must end with the port: what is purged is known from the site",
  ]);
});
