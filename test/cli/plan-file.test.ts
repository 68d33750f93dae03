import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readPlanFile, writePlanFile } from "../../src/cli/plan-file.ts";
import { del, planOf, put } from "../report/fixture-events.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "smartsync-plan-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const plan = planOf([put("会社案内/お知らせ.html", 12), put("a.css", 3, "content"), del("old/b.html", 4)]);

describe("a plan in a file", () => {
  test("is read back as it was written, for one target as for several", async () => {
    const file = join(dir, "plan.json");
    const plans = [plan, { ...plan, target: "web2" }];
    await writePlanFile(file, plans);
    expect(await readPlanFile(file)).toEqual({ site: "corporate", plans });
    await writePlanFile(file, [plan]);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ format: 1, plans: [plan] });
  });

  test.each([
    ["is not there", undefined, /no such file/],
    ["is not JSON", "{", /it is not JSON/],
    ["is something else", '{"format":1,"plans":[]}', /plans/],
    ["is of two sites", JSON.stringify({ format: 1, plans: [plan, { ...plan, site: "other" }] }), /several sites/],
    ["was made by a later version", JSON.stringify({ format: 2, plans: [plan] }), /format/],
  ])("is refused when it %s", async (_, text, why) => {
    const file = join(dir, "plan.json");
    if (text !== undefined) await writeFile(file, text);
    await expect(readPlanFile(file)).rejects.toMatchObject({ kind: "config", code: "plan-unusable", message: why });
  });

  test.each(["../outside.html", "/etc/passwd", "a/../../b", "a//b", ""])(
    'can not name "%s", which lies outside the site',
    async (path) => {
      const file = join(dir, "plan.json");
      const phases = [{ name: "deletions", changes: [{ kind: "delete", path, size: 0 }] }];
      await writeFile(file, JSON.stringify({ format: 1, plans: [{ ...plan, phases }] }));
      await expect(readPlanFile(file)).rejects.toMatchObject({ message: /is not a path inside a site/ });
    },
  );
});
