import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type RsyncSettings, rsyncArguments } from "../../../src/targets/ssh/rsync/rsync-arguments.ts";

const FOLDER = new URL("../../../fixtures/rsync/", import.meta.url);
// `UPDATE_GOLDENS=1 npx vitest run test/targets/rsync` writes the arguments as they are made now; read the difference.
const updating = process.env.UPDATE_GOLDENS === "1";

interface Golden {
  readonly name: string;
  readonly settings: RsyncSettings;
  readonly folder: string;
  readonly dir: string;
  readonly arguments: string[];
}

const goldens = readdirSync(FOLDER).map((file) => {
  const golden: Golden = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
  return { file, golden };
});

test.each(goldens)("rsync's arguments: $golden.name ($file)", ({ file, golden }) => {
  const made = rsyncArguments(golden.settings, golden.folder, golden.dir);
  if (updating) writeFileSync(new URL(file, FOLDER), `${JSON.stringify({ ...golden, arguments: made }, null, 2)}\n`);
  else expect(made).toEqual(golden.arguments);
});

test.each(goldens)(
  "rsync is never asked to delete on the server, nor to follow the site's names ($file)",
  ({ golden }) => {
    const made = rsyncArguments(golden.settings, golden.folder, golden.dir);
    expect(made.filter((word) => /^--(del|recursive|archive|relative|links)/.test(word))).toEqual([]);
    expect(made.slice(-3)).toEqual(["--", `${golden.folder}/`, `server:${golden.dir}/`]);
  },
);
