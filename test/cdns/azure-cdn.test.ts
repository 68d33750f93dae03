import { expect, test } from "vitest";
import { testCdn } from "../contract/cdn-contract.ts";
import { AZURE, startAzureCdnFake } from "../doubles/azure-cdn-fake.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { azureItems, openAzure } from "./azure-setting.ts";

testCdn("azure-cdn", async () => {
  const fake = await startAzureCdnFake("endpoints");
  return { open: () => openAzure(fake, "azure-cdn"), items: azureItems, fake, secrets: [AZURE.clientSecret] };
});

test("paths are purged for every host name of the endpoint", async () => {
  await using fake = await startAzureCdnFake("endpoints");
  await using cdn = await openAzure(fake, "azure-cdn", { baseUrls: ["https://www.example.jp/"] });
  await cdn.purge({ key: "run-edge-1", items: [{ kind: "directory", path: "/" }] }, testCtx());
  expect(JSON.parse(fake.seen[0]?.body ?? "")).toEqual({ contentPaths: ["/*"] });
});

test("who looks at it is told that it ends", async () => {
  await using fake = await startAzureCdnFake("endpoints");
  await using cdn = await openAzure(fake, "azure-cdn");
  expect(await cdn.examine?.(testCtx())).toEqual([
    "endpoint www-a1b2.z01.azurefd.net, running",
    expect.stringContaining("2027-09-30"),
  ]);
});

test("who may not look is told which right is missing", async () => {
  await using fake = await startAzureCdnFake("endpoints");
  await using cdn = await openAzure(fake, "azure-cdn");
  fake.denied.add("Microsoft.Cdn/profiles/endpoints/read");
  await expect(cdn.examine?.(testCtx())).rejects.toMatchObject({
    code: "permission-denied",
    hint: expect.stringContaining("Microsoft.Cdn/profiles/endpoints/read"),
  });
});
