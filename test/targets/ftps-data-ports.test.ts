import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { bodyOf, bytes, metaOf } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { openOn } from "./ftps-stage.ts";

test("a server that has run out of data ports is waited for", async () => {
  await using server = await startPureFtpd();
  const ctx = testCtx();
  const { first, last } = server.passive;
  const others = Array.from({ length: last - first + 1 }, (_, n) => createServer().listen(first + n, "127.0.0.1"));
  await Promise.all(others.map((other) => once(other, "listening")));
  await using target = await openOn(server);
  let done = false;
  const put = target.put(metaOf("記事.html", bytes(500)), bodyOf(bytes(500)), ctx).then(() => {
    done = true;
  });
  await delay(2_500);
  expect(done).toBe(false);
  for (const other of others) other.close();
  await put;
  expect(existsSync(join(server.root, "記事.html"))).toBe(true);
});
