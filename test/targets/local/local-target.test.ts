import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localTarget } from "../../../src/targets/local/local-target.ts";
import { diskLook } from "../../contract/disk-look.ts";
import { testTarget } from "../../contract/target-contract.ts";
import { testCtx } from "../../doubles/test-ctx.ts";

testTarget("local", async () => {
  const baseDir = await mkdtemp(join(tmpdir(), "smartsync-local-"));
  const config = localTarget.schema.parse({ type: "local", path: "公開" });
  return {
    open: () => localTarget.open(config, { name: "copy", baseDir }, testCtx()),
    look: diskLook({ root: join(baseDir, "公開"), stateDir: join(baseDir, ".smartsync") }),
    stop: () => rm(baseDir, { recursive: true, force: true }),
  };
});
