import { lstat, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { keepFile } from "../../../src/targets/local/keep-file.ts";
import { scratchDir } from "./stage.ts";

const links = vi.hoisted(() => ({ refusedWith: "" }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    async link(from: string, to: string) {
      if (links.refusedWith === "") return real.link(from, to);
      throw Object.assign(new Error(`${links.refusedWith}: not here`), { code: links.refusedWith });
    },
  };
});

/** A file with a time and permissions of its own. */
async function page(): Promise<{ place: string; kept: string }> {
  const dir = await scratchDir();
  const place = join(dir, "お知らせ.html");
  await writeFile(place, "古い", { mode: 0o640 });
  await utimes(place, 1_000_000_000, 1_000_000_000);
  return { place, kept: join(dir, "kept") };
}

it("a file is kept as a second link to it, also in the place of an earlier one", async () => {
  links.refusedWith = "";
  const { place, kept } = await page();
  await writeFile(kept, "もっと古い");
  await keepFile(place, kept);
  expect((await lstat(kept)).ino).toBe((await lstat(place)).ino);
});

it.each(["EPERM", "EMLINK", "ENOTSUP"])(
  "where linking ends in %s a copy is kept, with its attributes",
  async (code) => {
    links.refusedWith = code;
    const { place, kept } = await page();
    await writeFile(kept, "もっと古い");
    await keepFile(place, kept);
    expect(await readFile(kept, "utf8")).toBe("古い");
    expect(await lstat(kept)).toMatchObject({ mtimeMs: 1_000_000_000_000, mode: 0o100640 });
    expect((await lstat(kept)).ino).not.toBe((await lstat(place)).ino);
  },
);

it("a symbolic link is kept as one, even where it leads nowhere", async () => {
  const { place, kept } = await page();
  await symlink("どこにもない", `${place}.link`);
  for (const code of ["", "EPERM"]) {
    links.refusedWith = code;
    await keepFile(`${place}.link`, kept);
    expect((await lstat(kept)).isSymbolicLink()).toBe(true);
  }
});

it("a file that can't be kept for another reason is an error that names it", async () => {
  links.refusedWith = "ENOSPC";
  const { place, kept } = await page();
  await expect(keepFile(place, kept)).rejects.toMatchObject({
    code: "disk-full",
    message: expect.stringContaining("お知らせ.html"),
  });
});
