import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type FirstConfig, renderConfig } from "../../src/cli/config-text.ts";

const full: FirstConfig = {
  site: "example",
  source: "./公開 用/public",
  url: "https://www.example.jp/",
  cmsUrl: "https://cms.example.jp/mt/",
  target: {
    name: "web",
    settings: {
      type: "ftps",
      host: "192.0.2.7",
      port: 2121,
      user: "yes",
      password: `\${env:WEB_PASSWORD}`,
      path: "/public_html",
      fingerprint: "AA:BB",
    },
  },
};

describe("a first configuration", () => {
  test("says exactly what was answered, whatever YAML would make of it unquoted", () => {
    expect(parse(renderConfig(full))).toEqual({
      sites: {
        example: {
          source: "./公開 用/public",
          url: "https://www.example.jp/",
          cmsUrl: "https://cms.example.jp/mt/",
          guard: { maxDelete: "25%", maxDeleteCount: 500 },
          targets: ["web"],
        },
      },
      targets: { web: full.target.settings },
    });
  });

  test("shows what may be added as comments", () => {
    const text = renderConfig({
      site: "site",
      source: "./public",
      target: { name: "copy", settings: { type: "local", path: "./out" } },
    });
    expect(text).toMatch(/^ {4}# url: https:\/\/www\.example\.jp\/ +# what visitors type$/m);
    expect(text).toMatch(/^ {4}# exclude: \["\*\*\/\*\.bak", "\/preview\/\*\*"\]/m);
    expect(text.endsWith("\n")).toBe(true);
  });
});
