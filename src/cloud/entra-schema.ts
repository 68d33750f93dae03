import { z } from "zod";

/** The whole address of a service; slashes at its end are dropped. */
const url = z
  .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
  .transform((text) => text.replace(/\/+$/, ""));

/** How to sign in with Entra ID: a client secret, a federated token, or, with neither, a managed identity. */
export const entraSchema = z
  .strictObject({
    tenantId: z.string().min(1).optional().describe("The directory (tenant); $AZURE_TENANT_ID when absent."),
    clientId: z
      .string()
      .min(1)
      .optional()
      .describe("The application, or the user-assigned managed identity; $AZURE_CLIENT_ID when absent."),
    clientSecret: z.string().min(1).optional().describe("The application's secret."),
    federatedTokenFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "A file with a token of another issuer that the application trusts, relative to this file; $AZURE_FEDERATED_TOKEN_FILE when absent.",
      ),
    authority: url
      .default("https://login.microsoftonline.com")
      .describe("Where tokens come from; a sovereign cloud has its own."),
  })
  .refine((given) => given.clientSecret === undefined || given.federatedTokenFile === undefined, {
    error: "clientSecret and federatedTokenFile exclude one another",
    path: ["federatedTokenFile"],
  });

/** How somebody signs in with Entra ID. */
export type EntraConfig = z.output<typeof entraSchema>;
