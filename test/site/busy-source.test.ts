import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { relPath, sha256 } from "../core/snapshots.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { scratchSite } from "./scratch-site.ts";

/** Runs a script over and over in another process until it is disposed, as a CMS at work in the site's root. */
async function workingCms(root: string, step: string): Promise<AsyncDisposable> {
  const script = `const fs = require("node:fs"); process.chdir(process.argv[1]);
    process.stdin.resume().on("end", () => process.exit()); let i = 0;
    const work = () => { i++; ${step}; setImmediate(work); };
    work(); console.log("at work");`;
  const cms = spawn(process.execPath, ["-e", script, root], { stdio: ["pipe", "pipe", "inherit"] });
  await once(cms.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(cms, "exit");
      cms.stdin.end();
      await ended;
    },
  };
}

const impatient = () => testCtx({ clock: { ...systemClock, sleep: async () => {} } });

test("a file that is written to without end is an error, after several looks", async () => {
  using site = scratchSite({ "index.html": "", "動画.mp4": Buffer.alloc(32 << 20) });
  await using _ = await workingCms(site.root, `fs.utimesSync("動画.mp4", i, i)`);
  const source = site.open();
  const changing = { kind: "conflict", code: "source-changing", message: expect.stringContaining("動画.mp4") };
  await expect(source.scan(impatient())).rejects.toMatchObject(changing);
  await expect(source.scan(impatient())).rejects.toMatchObject({ hint: expect.stringContaining("settle") });
  await expect(source.rescan(relPath("動画.mp4"), impatient())).rejects.toMatchObject(changing);
});

test("a file that is replaced while it is read is taken whole, the old one or the new", async () => {
  const [old, young] = ["old ".repeat(1 << 20), "new ".repeat(1 << 20)];
  using site = scratchSite({ "page.html": old, "a.tmp": old, "b.tmp": young });
  await using _ = await workingCms(
    site.root,
    `fs.copyFileSync(i % 2 ? "a.tmp" : "b.tmp", "c.tmp"); fs.renameSync("c.tmp", "page.html");
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)`,
  );
  const source = site.open({ include: ["/page.html"] });
  for (let i = 0; i < 20; i++) {
    const [file] = (await source.scan(testCtx())).snapshot.files.values();
    expect([sha256(old), sha256(young)]).toContain(file?.sha256);
  }
});

test("directories that come and go neither break a scan nor hide what stays", async () => {
  using site = scratchSite();
  for (let i = 0; i < 50; i++) site.write(`d${i}/stays.html`, `${i}`);
  await using _ = await workingCms(
    site.root,
    `fs.mkdirSync("d" + i % 50 + "/sub", { recursive: true }); fs.writeFileSync("d" + i % 50 + "/sub/x.html", "");
     fs.rmSync("d" + (i + 25) % 50 + "/sub", { recursive: true, force: true });
     fs.writeFileSync("d" + i % 50 + "/stays.tmp", ""); fs.rmSync("d" + i % 50 + "/stays.tmp")`,
  );
  let whole = 0;
  for (let i = 0; i < 10; i++) {
    const stays = await site
      .open()
      .scan(testCtx())
      .then(({ snapshot }) => [...snapshot.files.keys()].filter((path) => path.endsWith("stays.html")).length)
      .catch((error) => expect(error).toMatchObject({ kind: "conflict", code: "source-changing" }));
    if (stays === undefined) continue;
    expect(stays).toBe(50);
    whole++;
  }
  expect(whole).toBeGreaterThan(0);
});

test("a source that is taken away in the middle of a scan is missing, not empty", async () => {
  using site = scratchSite({ "d/index.html": "" });
  const source = site.open();
  await using _ = await workingCms(
    site.root,
    `try { fs.renameSync(process.argv[1], process.argv[1] + ".old"); } catch {}`,
  );
  await expect(source.scan(impatient())).rejects.toMatchObject({ kind: "config", code: "source-missing" });
});
