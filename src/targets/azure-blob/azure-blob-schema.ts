import { z } from "zod";
import { entraSchema } from "../../cloud/entra-schema.ts";

const url = z
  .url({ protocol: /^https?$/, error: "write the whole address: https://…" })
  .transform((text) => text.replace(/\/+$/, ""));

const prefix = z
  .string()
  .regex(/^(?:[^/].*\/)?$/, { error: 'must begin without a slash and end with one: "docs/"', abort: true })
  .refine((text) => !/(^|\/)\.{0,2}\//.test(text), 'must have no empty, "." or ".." folders in it');

const container = z
  .string()
  .regex(
    /^(\$web|\$root|[a-z0-9](-?[a-z0-9]){2,62})$/,
    "3 to 63 lower-case letters, digits and single dashes, or $web",
  );

/** The ways to sign in, of which one is configured. */
const SIGN_INS = ["accountKey", "sas", "connectionString", "entra"] as const;

/** Where a container is and who writes into it. */
export const azureBlobSchema = z
  .strictObject({
    type: z.literal("azure-blob"),
    account: z
      .string()
      .regex(/^[a-z0-9]{3,24}$/, "an account's name has 3 to 24 lower-case letters and digits")
      .optional()
      .describe("The storage account; a connectionString names it itself."),
    container: container.default("$web").describe("The container; $web is what the static website serves."),
    prefix: prefix.default("").describe('Before the name of every file of the site: "docs/".'),
    endpoint: url
      .optional()
      .describe("The blob service's address, where it is not https://<account>.blob.core.windows.net."),
    accountKey: z.string().min(1).optional().describe("Sign in with one of the account's two keys."),
    sas: z.string().min(1).optional().describe("Sign in with a shared access signature: sv=…&sig=…"),
    connectionString: z
      .string()
      .min(1)
      .optional()
      .describe("Sign in with a connection string, as the portal shows it."),
    entra: entraSchema
      .optional()
      .describe("Sign in with Entra ID: a client secret, a federated token, or, with neither, a managed identity."),
    tier: z.enum(["Hot", "Cool", "Cold"]).optional().describe("The access tier; the account's own when absent."),
    stateContainer: container
      .optional()
      .describe(
        "The container of smartsync's records; the site's own when absent, where visitors of $web can read them.",
      ),
    statePrefix: prefix
      .optional()
      .describe(
        'Before the names of these records; "<prefix>.smartsync/", or "<container>/<prefix>" in a container apart.',
      ),
    connections: z.int().min(1).max(256).default(64).describe("How many requests are under way at once, at most."),
  })
  .refine((config) => SIGN_INS.filter((name) => config[name] !== undefined).length === 1, {
    error: `needs exactly one way to sign in: ${SIGN_INS.join(", ")}`,
    path: ["accountKey"],
  })
  .refine((config) => config.account !== undefined || config.connectionString !== undefined, {
    error: "needs the storage account's name",
    path: ["account"],
  })
  .refine(({ endpoint, sas, entra }) => (sas ?? entra) === undefined || isPrivate(endpoint), {
    error: "a signature or a token must not travel readable: write https://",
    path: ["endpoint"],
  });

/** Nobody on the way can read along. */
function isPrivate(endpoint: string | undefined): boolean {
  return endpoint === undefined || /^https:|^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(endpoint);
}

/** An Azure target's settings after parsing. */
export type AzureBlobConfig = z.output<typeof azureBlobSchema>;
