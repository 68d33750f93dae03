/** Fills the disk it is given through a local target, and prints what came of it as JSON. Run by full-disk.test.ts. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { localTarget } from "../../../src/targets/local/local-target.ts";
import { bodyOf, bytes, metaOf } from "../../doubles/site-file.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

const [baseDir = ""] = process.argv.slice(2);
const ctx = testCtx();
const put = (size: number) => target.put(metaOf("大きい.bin", bytes(size)), bodyOf(bytes(size)), ctx);
const failure = (work: Promise<unknown>) =>
  work.then(
    () => "it worked",
    ({ kind, code, hint, message }) => ({ kind, code, hint, message }),
  );

const config = localTarget.schema.parse({ type: "local", path: "site" });
await using target = await localTarget.open(config, { name: "copy", baseDir }, ctx);
await put(1_000);
await target.state.write("manifest.json", bytes(500), ctx);
const putFailure = await failure(put(3_000_000));
await writeFile(join(baseDir, "ballast"), bytes(900_000));
const stateFailure = await failure(target.state.write("manifest.json", bytes(400_000), ctx));
await writeFile(join(baseDir, "more ballast"), bytes(1_000_000)).catch(() => "now there is not a byte left");
const lockFailure = await failure(target.state.takeLock(bytes(9_000), ctx));
const files = await Array.fromAsync(target.list("", ctx));
console.log(
  JSON.stringify({
    put: putFailure,
    state: stateFailure,
    lock: lockFailure,
    lockLeft: (await target.state.readLock(ctx)) !== undefined,
    files: files.map(({ path, size }) => ({ path, size })),
    oldState: (await target.state.read("manifest.json", ctx))?.length,
  }),
);
