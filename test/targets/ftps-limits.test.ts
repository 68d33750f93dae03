import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ftpsTarget } from "../../src/targets/ftps/ftps-target.ts";
import type { Target } from "../../src/targets/target.ts";
import { bodyOf, bytes, metaOf } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { openOn, settingsFor } from "./ftps-stage.ts";

const content = bytes(2_000);
const ctx = testCtx();
const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}.html`);
const put = (target: Target, name: string) => target.put(metaOf(name, content), bodyOf(content), ctx);

describe.each([
  ["vsftpd", startVsftpd],
  ["ProFTPD", startProftpd],
  ["Pure-FTPd", startPureFtpd],
] as const)("%s that accepts few connections", (_name, start) => {
  test("from one address: the limit is learned once and told, and every file arrives", async () => {
    await using server = await start({ maxPerAddress: 3 });
    const learned: number[] = [];
    const onLimitLearned = (connections: number) => learned.push(connections);
    const opening = testCtx();
    const options = { name: "web", baseDir: "/", onLimitLearned };
    await using target = await ftpsTarget.open(settingsFor(server, { connections: 8 }), options, opening);
    await Promise.all(names(40).map((name) => put(target, name)));
    expect(readdirSync(server.root).sort()).toEqual(names(40).sort());
    expect(learned).toEqual([3]);
    expect(opening.events).toMatchObject([{ type: "limit-learned", target: "web", connections: 3 }]);
  });

  test("none left for a second visitor: an error that passes", async () => {
    await using server = await start({ maxClients: 1 });
    await using first = await openOn(server);
    await expect(openOn(server)).rejects.toMatchObject({ kind: "transient", code: "too-many-connections" });
    await put(first, "still.html");
  });
});

test("what was learned before is kept to: no connection more is tried", async () => {
  await using server = await startVsftpd();
  const options = { name: "web", baseDir: "/", learnedConnections: 2 };
  await using target = await ftpsTarget.open(settingsFor(server), options, ctx);
  await Promise.all(names(20).map((name) => put(target, name)));
  expect(server.log().match(/OK LOGIN/g)).toHaveLength(2);
});

test.each([
  ["vsftpd", () => startVsftpd({ idleTimeoutSeconds: 1 })],
  ["ProFTPD", () => startProftpd({ idleTimeoutSeconds: 1 })],
] as const)("%s drops idle connections: others take their place", async (_name, start) => {
  await using server = await start();
  await using target = await openOn(server, { connections: 3 });
  await Promise.all(names(6).map((name) => put(target, name)));
  await delay(3_000);
  await Promise.all(names(9).map((name) => put(target, name)));
  expect(readdirSync(server.root).sort()).toEqual(names(9).sort());
});
