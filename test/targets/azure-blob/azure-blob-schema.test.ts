import { describe, expect, test } from "vitest";
import { azureBlobSchema } from "../../../src/targets/azure-blob/azure-blob-schema.ts";
import { azureBlobTarget } from "../../../src/targets/azure-blob/azure-blob-target.ts";

const PLAIN = { type: "azure-blob", account: "corporatewww", accountKey: "a2V5" };

test("a key is enough: the site goes to $web", () => {
  expect(azureBlobSchema.parse(PLAIN)).toEqual({ ...PLAIN, container: "$web", prefix: "", connections: 64 });
});

describe("what is wrong is said where it stands", () => {
  const { accountKey: _, ...keyless } = PLAIN;
  const sas = "sv=2023-11-03&sig=x";
  const wrong: [string, Record<string, unknown>, string][] = [
    ["no way to sign in", keyless, "accountKey"],
    ["two ways to sign in", { ...PLAIN, sas }, "accountKey"],
    ["no account", { type: "azure-blob", accountKey: "a2V5" }, "account"],
    ["an account's address for its name", { ...PLAIN, account: "corporatewww.blob.core.windows.net" }, "account"],
    ["a container no account has", { ...PLAIN, container: "My_Site" }, "container"],
    ["a prefix that begins with a slash", { ...PLAIN, prefix: "/docs/" }, "prefix"],
    ["a prefix that does not end with one", { ...PLAIN, prefix: "docs" }, "prefix"],
    ["a prefix that climbs", { ...PLAIN, prefix: "a/../b/" }, "prefix"],
    ["a signature that travels readable", { ...keyless, sas, endpoint: "http://10.0.0.1:10000/a" }, "endpoint"],
    ["a token that travels readable", { ...keyless, entra: {}, endpoint: "http://localhost.example.jp/a" }, "endpoint"],
    ["two proofs", { ...keyless, entra: { clientSecret: "a", federatedTokenFile: "b" } }, "entra"],
  ];
  test.each(wrong)("%s", (_name, config, where) => {
    const { error } = azureBlobSchema.safeParse(config);
    expect(error?.issues.map(({ path }) => path[0])).toContain(where);
  });

  test("a signature over HTTP is fine on this machine", () => {
    for (const endpoint of ["http://127.0.0.1:10000/a", "http://localhost:10000/a", "http://[::1]:10000/a/"]) {
      expect(azureBlobSchema.safeParse({ ...keyless, sas, endpoint }).success).toBe(true);
    }
  });
});

test("a target is named by account, container and prefix, never by a secret", () => {
  const named = (config: Record<string, unknown>) => azureBlobTarget.describe(azureBlobSchema.parse(config));
  expect(named({ ...PLAIN, prefix: "資料/" })).toBe("azure-blob://corporatewww/$web/資料");
  const connectionString = "DefaultEndpointsProtocol=https;AccountName=corporatewww;AccountKey=c2VjcmV0";
  expect(named({ type: "azure-blob", connectionString })).toBe("azure-blob://corporatewww/$web");
});
