import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { converse, curl, upload } from "../servers/clients.ts";
import type { FtpServer } from "../servers/ftp-server.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startFlakyProxy } from "./flaky-proxy.ts";

let server: FtpServer;
beforeAll(async () => {
  server = await startPureFtpd();
});
afterAll(() => server.stop());

/** The same server as its clients see it through the proxy. */
const behind = (host: string): FtpServer => ({ ...server, host });
const text = "こんにちは".repeat(20_000);

test("an upload goes through it whole on both channels, with TLS", async () => {
  await using proxy = await startFlakyProxy(server);
  expect(await upload(behind(proxy.host), "public_html/whole.txt", text)).toMatchObject({ status: 0 });
  expect(readFileSync(join(server.root, "whole.txt"), "utf8")).toBe(text);
  expect(proxy.seen).toEqual({ control: 1, data: 1 });
  expect(proxy.fired).toEqual({ cut: 0, reset: 0, stall: 0 });
});

test.each(["cut", "reset"] as const)("a data connection is broken after so many bytes: %s", async (kind) => {
  const fault = ({ channel }: { channel: string }) => (channel === "data" ? { kind, afterBytes: 50_000 } : undefined);
  await using proxy = await startFlakyProxy(server, { fault });
  await upload(behind(proxy.host), `public_html/${kind}.txt`, text);
  expect(proxy.fired[kind]).toBe(1);
  expect(readFileSync(join(server.root, `${kind}.txt`)).length).toBeLessThan(50_000);
});

test("a stalled control connection says nothing more, and lets go when the client gives up", async () => {
  await using proxy = await startFlakyProxy(server, { fault: () => ({ kind: "stall", afterBytes: 20 }) });
  expect(await curl(behind(proxy.host), "", ["--max-time", "1"])).toMatchObject({ status: 28 });
  expect(proxy.fired.stall).toBe(1);
  proxy.setFault(undefined);
  expect((await curl(behind(proxy.host), "")).status).toBe(0);
});

test("everything open is broken on command, and new connections work", async () => {
  await using plain = await startPureFtpd({ tls: "none" });
  await using proxy = await startFlakyProxy(plain);
  using session = await converse({ ...plain, host: proxy.host });
  expect(await session.ask("NOOP")).toMatch(/^200/);
  proxy.breakAll("cut");
  expect(await session.listen()).toBe("");
  expect(proxy.fired.cut).toBe(1);
  using next = await converse({ ...plain, host: proxy.host });
  expect(await next.ask("NOOP")).toMatch(/^200/);
});

test("latency is added each way to every exchange", async () => {
  await using plain = await startPureFtpd({ tls: "none" });
  await using proxy = await startFlakyProxy(plain, { latencyMs: 50 });
  using session = await converse({ ...plain, host: proxy.host });
  const start = performance.now();
  await session.ask("NOOP");
  expect(performance.now() - start).toBeGreaterThanOrEqual(99);
});
