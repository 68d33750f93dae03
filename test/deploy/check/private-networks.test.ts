import { createServer } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { openPageFetcher } from "../../../src/deploy/check/fetch-page.ts";
import { isPrivateAddress } from "../../../src/deploy/check/private-address.ts";
import { startPages } from "./page-server.ts";
import { tryCheck } from "./try-check.ts";

test.each([
  "0.0.0.0",
  "10.0.0.5",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "64:ff9b::10.0.0.5",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "fd00::1",
  "fe80::1%eth0",
  "ff02::1",
  "www.example.jp",
  "",
])("%s is private, or no address", (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each([
  "8.8.8.8",
  "100.128.0.1",
  "172.32.0.1",
  "192.169.0.1",
  "203.0.113.7",
  "2606:4700::1111",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
])("%s is public", (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

const delivered = { "index.html": "new" };

test.each([
  ["127.0.0.1", (port: string) => `http://127.0.0.1:${port}/`],
  ["127.0.0.1 written as a number", (port: string) => `http://2130706433:${port}/`],
  ["127.0.0.1 in IPv6", (port: string) => `http://[::ffff:127.0.0.1]:${port}/`],
  ["a name that leads there", (port: string) => `http://localhost:${port}/`],
])("%s is not asked without permission", async (_, address) => {
  const edge = await startPages((_request, response) => response.end("new"));
  const url = address(new URL(edge.url).port);
  const { result, events, slept } = await tryCheck({ edge: url, delivered, settings: { privateNetworks: false } });
  expect(result).toMatchObject({ outcome: "unreachable", urls: 1, remedy: "warned" });
  const hint = expect.stringContaining("privateNetworks: true");
  expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "check-private", hint }));
  expect(slept).toEqual([]);
  expect(edge.asked).toEqual([]);
});

test("the addresses where clouds give machines their keys are not asked either", async () => {
  const edge = "http://169.254.169.254/";
  const { warnings } = await tryCheck({ edge, delivered, settings: { privateNetworks: false } });
  expect(warnings).toEqual(["check-private"]);
});

test("with permission the same name is asked", async () => {
  const edge = await startPages((_, response) => response.end("new"));
  const url = `http://localhost:${new URL(edge.url).port}/`;
  expect((await tryCheck({ edge: url, delivered })).result.outcome).toBe("fresh");
});

test("a proxy in a private network is no obstacle: it is not what is looked at", async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("by the proxy");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void proxy.close());
  const address = proxy.address();
  vi.stubEnv("HTTP_PROXY", `http://localhost:${typeof address === "object" ? address?.port : ""}`);
  vi.stubEnv("http_proxy", "");
  vi.stubEnv("NO_PROXY", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  using fetcher = openPageFetcher({ privateNetworks: false, hosts: ["www.example.jp"] });
  const url = new URL("http://www.example.jp/a.html");
  const page = await fetcher.fetch({ url }, new AbortController().signal);
  expect(page).toMatchObject({ status: 200 });
  expect(asked).toEqual([url.href]);
});
