import { createTokenSource } from "../../cloud/access-token.ts";
import { tokenWay } from "../../cloud/entra-tokens.ts";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { AzureBlobConfig } from "./azure-blob-schema.ts";

/** The service that tokens are for. */
const STORAGE = "https://storage.azure.com";

/** A storage account and how requests to it are signed: with exactly one of the three. */
export interface Account {
  readonly name: string;
  /** The blob service's address, without a slash at its end. */
  readonly endpoint: string;
  readonly key?: Buffer;
  /** A query without its question mark. */
  readonly sas?: string;
  /** Gives a token of Entra ID that is valid for some minutes more. */
  readonly token?: (ctx: Ctx) => Promise<string>;
}

/** Reads a target's settings; `locate` gives where a file named in them is. Nothing is asked yet. */
export function readAccount(
  config: AzureBlobConfig,
  locate: (file: string) => string,
  env: Readonly<Record<string, string | undefined>>,
): Account {
  const { connectionString, accountKey, sas, entra } = config;
  const given = connectionString === undefined ? {} : readConnectionString(connectionString);
  const name = config.account ?? given.name ?? "";
  const endpoint = config.endpoint ?? given.endpoint ?? `https://${name}.blob.core.windows.net`;
  const key = accountKey ?? given.key;
  const signature = sas ?? given.sas;
  return {
    name,
    endpoint,
    ...(key !== undefined && { key: readKey(key) }),
    ...(signature !== undefined && { sas: signature.replace(/^\?/, "") }),
    ...(entra && { token: createTokenSource(tokenWay(entra, STORAGE, locate, env)) }),
  };
}

interface Connection {
  readonly name?: string;
  readonly endpoint?: string;
  readonly key?: string;
  readonly sas?: string;
}

/** https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string */
function readConnectionString(text: string): Connection {
  const parts = new Map(
    text.split(";").flatMap((part): [string, string][] => {
      const at = part.indexOf("=");
      return at === -1 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()]];
    }),
  );
  const [key, sas, blob] = ["accountkey", "sharedaccesssignature", "blobendpoint"].map((name) => parts.get(name));
  // Without a name there is an address of the blob service, which begins with it.
  const name = parts.get("accountname") ?? /^https?:\/\/([a-z0-9]+)\./.exec(blob ?? "")?.[1];
  if (name === undefined || (key ?? sas) === undefined) {
    throw new SmartsyncError("the connection string names no account, or neither a key nor a signature", {
      kind: "config",
      code: "credentials-wrong",
      hint: "copy it anew from the portal: Security + networking, Access keys",
    });
  }
  const suffix = parts.get("endpointsuffix") ?? "core.windows.net";
  const protocol = parts.get("defaultendpointsprotocol") ?? "https";
  return {
    name,
    endpoint: (blob ?? `${protocol}://${name}.blob.${suffix}`).replace(/\/+$/, ""),
    ...(key !== undefined ? { key } : sas !== undefined && { sas }),
  };
}

function readKey(text: string): Buffer {
  const key = Buffer.from(text, "base64");
  if (key.length > 0 && key.toString("base64").replace(/=+$/, "") === text.trim().replace(/=+$/, "")) return key;
  throw new SmartsyncError("the account key is not one: it is base64, of 88 characters", {
    kind: "config",
    code: "credentials-wrong",
    hint: "copy it anew from the portal: Security + networking, Access keys",
  });
}
