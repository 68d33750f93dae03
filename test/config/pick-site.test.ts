import { expect, test, vi } from "vitest";
import { pickSite } from "../../src/config/pick-site.ts";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { loadText } from "./scratch.ts";

vi.mock("../../src/targets/index.ts", () => import("./registry.ts"));
vi.mock("../../src/cdns/index.ts", () => import("./registry.ts"));

async function configOf(...names: string[]) {
  const sites = names.map((name, n) => `  ${name}: { source: ./${n}, targets: [t${n}] }\n`).join("");
  const targets = names.map((_, n) => `  t${n}: { type: folder, path: ./out${n} }\n`).join("");
  return loadText(`sites:\n${sites}targets:\n${targets}`);
}

function refusalOf(call: () => unknown): SmartsyncError {
  try {
    call();
  } catch (error) {
    if (error instanceof SmartsyncError) return error;
  }
  throw new Error("expected a SmartsyncError");
}

test("the only site needs no name", async () => {
  expect(pickSite(await configOf("本社"), undefined)).toMatchObject({ name: "本社", site: { source: "./0" } });
});

test("a site is picked by its name, in whatever Unicode normalisation it is typed", async () => {
  const config = await configOf("ブログ", "corporate");
  expect(pickSite(config, "ブログ".normalize("NFD"))).toMatchObject({ name: "ブログ", site: { source: "./0" } });
});

test("without a name, several sites are listed", async () => {
  const config = await configOf("本社", "採用");
  expect(refusalOf(() => pickSite(config, undefined))).toMatchObject({
    kind: "config",
    code: "site-unnamed",
    message: "the configuration has several sites; name one",
    hint: "sites: 本社, 採用",
  });
});

test("an unknown name is answered with the nearest one and the list", async () => {
  const config = await configOf("corporate", "recruit");
  expect(refusalOf(() => pickSite(config, "coporate"))).toMatchObject({
    kind: "config",
    code: "site-unknown",
    message: 'no site is named "coporate"; did you mean "corporate"?',
    hint: "sites: corporate, recruit",
  });
});

test("names that every object has are no sites", async () => {
  const config = await configOf("corporate");
  expect(refusalOf(() => pickSite(config, "constructor"))).toMatchObject({ code: "site-unknown" });
});
