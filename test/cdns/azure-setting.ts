import type { z } from "zod";
import { azureCdn } from "../../src/cdns/azure-cdn.ts";
import { azureFrontDoorCdn } from "../../src/cdns/azure-frontdoor.ts";
import type { Cdn } from "../../src/cdns/cdn.ts";
import type { PurgeItem } from "../../src/core/purge-rules.ts";
import { AZURE, type AzureCdnFake } from "../doubles/azure-cdn-fake.ts";

/** How tests open an endpoint of the fake, with what they want otherwise. */
export function openAzure(fake: AzureCdnFake, type: "azure-frontdoor" | "azure-cdn", given: object = {}): Promise<Cdn> {
  const { subscriptionId, resourceGroup, profile, endpoint, tenantId, clientId, clientSecret } = AZURE;
  const config = {
    type,
    subscriptionId,
    resourceGroup,
    profile,
    endpoint,
    entra: { tenantId, clientId, clientSecret, authority: fake.url },
    managementUrl: fake.url,
    ...given,
  };
  const options = { name: "edge", baseDir: "/" };
  return type === "azure-cdn" ? open(azureCdn, config) : open(azureFrontDoorCdn, config);

  function open<Schema extends z.ZodType>(
    kind: { schema: Schema; open(config: z.output<Schema>, opened: typeof options): Promise<Cdn> },
    from: object,
  ): Promise<Cdn> {
    return kind.open(kind.schema.parse(from), options);
  }
}

/** So many items of a kind, with names of every kind a site has. */
export function azureItems(kind: PurgeItem["kind"], count: number): PurgeItem[] {
  return Array.from({ length: count }, (_, at): PurgeItem => {
    if (kind === "tag") throw new Error("Azure knows no tags");
    if (kind === "everything") return { kind };
    const name = at % 2 === 0 ? `news/${at}` : `%E3%81%8A%E7%9F%A5%E3%82%89%E3%81%9B/${at}`;
    return { kind, path: kind === "directory" ? `/${name}/` : `/${name}.html` };
  });
}
