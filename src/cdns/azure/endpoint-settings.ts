import { z } from "zod";
import { entraSchema } from "../../cloud/entra-schema.ts";
import { cdnSettings } from "../cdn-settings.ts";

/** The settings of an endpoint below a profile of Microsoft.Cdn, to be spread into its schema. */
export const endpointSettings = {
  ...cdnSettings,
  subscriptionId: z.string().min(1).describe("The subscription the profile is in."),
  resourceGroup: z.string().min(1).describe("The resource group the profile is in."),
  profile: z.string().min(1).describe("The profile's name."),
  endpoint: z.string().min(1).describe('The endpoint\'s name: "www" of www-a1b2c3.z01.azurefd.net.'),
  entra: entraSchema.prefault({}).describe("How to sign in; as a managed identity when absent."),
  managementUrl: z
    .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
    .transform((text) => text.replace(/\/+$/, ""))
    .default("https://management.azure.com")
    .describe("Where the management API is, which tokens are for; a sovereign cloud has its own."),
};

/** An endpoint below a profile, and how to sign in there. */
export type EndpointConfig = z.output<z.ZodObject<typeof endpointSettings>>;
