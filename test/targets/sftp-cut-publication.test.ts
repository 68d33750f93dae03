import { expect, onTestFinished, test } from "vitest";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bodyOf, bytes, metaOf, relPath } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startSshd } from "../servers/sshd.ts";
import { BARE, openOn } from "./sftp-server.ts";

const ctx = testCtx();

for (const [name, options] of [
  ["with extensions", {}],
  ["without extensions", BARE],
] as const) {
  test(`a publication goes on where the connection was cut, and can be reverted, on a server ${name}`, async () => {
    const server = await startSshd(options);
    onTestFinished(() => server.stop());
    await using proxy = await startFlakyProxy({ port: server.port, passive: { first: 1, last: 0 } });
    const paths = Array.from({ length: 300 }, (_, i) => `記事/${i % 10}/${i}.html`);
    const [old, fresh] = [bytes(500, 1), bytes(600, 2)];
    await using target = await openOn({ ...server, host: proxy.host });
    await Promise.all(paths.slice(0, 200).map((path) => target.put(metaOf(path, old), bodyOf(old), ctx)));
    await using stage = await target.stage?.("run-1", ctx);
    if (stage === undefined) throw new Error("SFTP can stage");
    const puts = paths.slice(100).map((path) => ({ kind: "put", file: metaOf(path, fresh), reason: "new" }) as const);
    for (const { file } of puts) await stage.put(file, bodyOf(fresh), ctx);
    const deletes = paths.slice(0, 100).map((path) => ({ kind: "delete", path: relPath(path), size: 500 }) as const);
    const phases = [
      { name: "pages", changes: puts },
      { name: "deletions", changes: deletes },
    ] as const;
    setTimeout(() => proxy.breakAll("reset"), 5);
    const publication = { phases, missingDirs: [], emptied: [] };
    await stage.prepare(publication, ctx).catch(transient);
    await stage.prepare(publication, ctx);
    const told: unknown[] = [];
    for (let cut = 0, done = false; !done; cut++) {
      if (cut < 3) setTimeout(() => proxy.breakAll(cut % 2 ? "cut" : "reset"), 4 + cut);
      done = await stage.publish(ctx, (change) => told.push(change)).then(() => true, transient);
    }
    expect(new Set(told).size).toBe(300);
    expect(told).toHaveLength(300);
    const sizes = async () =>
      Object.fromEntries((await Array.fromAsync(target.list("", ctx))).map(({ path, size }) => [path, size]));
    expect(await sizes()).toEqual(Object.fromEntries(paths.slice(100).map((path) => [path, 600])));
    setTimeout(() => proxy.breakAll("reset"), 5);
    await stage.revert(ctx).catch(transient);
    await stage.revert(ctx);
    expect(await sizes()).toEqual(Object.fromEntries(paths.slice(0, 200).map((path) => [path, 500])));
    expect(proxy.fired.reset).toBeGreaterThan(0);
  });
}

function transient(error: unknown): false {
  expect(error).toMatchObject({ kind: "transient" });
  return false;
}
