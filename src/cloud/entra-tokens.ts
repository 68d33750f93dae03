import { readFile } from "node:fs/promises";
import type { Ctx } from "../core/context.ts";
import { throwIfAborted } from "../lib/abort.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { AccessToken, TokenRequest } from "./access-token.ts";
import type { EntraConfig } from "./entra-schema.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The Instance Metadata Service of every virtual machine. */
const IMDS = "http://169.254.169.254";
const PATIENCE_MS = 20_000;

/**
 * How tokens are asked for: with an application's secret, with a token of another issuer that the application trusts,
 * else as the managed identity of the machine or the function that runs this. `env` fills in what the configuration
 * leaves out, by the names Azure's own tools use; `locate` gives where a file named in the configuration is. `resource`
 * is the service the tokens are for: "https://storage.azure.com".
 */
export function tokenWay(
  config: EntraConfig,
  resource: string,
  locate: (file: string) => string,
  env: Env,
): TokenRequest {
  const tenantId = config.tenantId ?? env.AZURE_TENANT_ID;
  const clientId = config.clientId ?? env.AZURE_CLIENT_ID;
  const { clientSecret, federatedTokenFile } = config;
  const usual = clientSecret === undefined ? env.AZURE_FEDERATED_TOKEN_FILE : undefined;
  const file = federatedTokenFile === undefined ? usual : locate(federatedTokenFile);
  if (clientSecret === undefined && file === undefined) return managedIdentity(clientId, resource, env);
  if (tenantId === undefined || clientId === undefined) {
    throw new SmartsyncError("to sign in with Entra ID as an application, its tenant and its own id are needed", {
      kind: "config",
      code: "credentials-missing",
      hint: "write tenantId and clientId below `entra`, or set AZURE_TENANT_ID and AZURE_CLIENT_ID",
    });
  }
  const address = `${config.authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`;
  const proof = async (): Promise<Record<string, string>> => {
    if (file === undefined) return { client_secret: clientSecret ?? "" };
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    return { client_assertion_type: type, client_assertion: await readToken(file) };
  };
  return async (ctx) => {
    const form = { grant_type: "client_credentials", client_id: clientId, scope: `${resource}/.default` };
    const body = new URLSearchParams({ ...form, ...(await proof()) });
    return ask(address, { method: "POST", body }, ctx);
  };
}

/** Whoever issues it writes it anew every few minutes: it is read each time. */
async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new SmartsyncError(`could not read the federated token in ${file}`, {
      kind: "auth",
      code: "credentials-missing",
      hint: "see federatedTokenFile or AZURE_FEDERATED_TOKEN_FILE, and whether that file is written before",
      cause,
    });
  }
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, and for App Service …/azure/app-service/overview-managed-identity */
function managedIdentity(clientId: string | undefined, resource: string, env: Env): TokenRequest {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: secret } = env;
  const isFunction = endpoint !== undefined && secret !== undefined;
  const address = new URL(
    isFunction ? endpoint : "/metadata/identity/oauth2/token",
    env.AZURE_POD_IDENTITY_AUTHORITY_HOST ?? IMDS,
  );
  address.searchParams.set("api-version", isFunction ? "2019-08-01" : "2018-02-01");
  address.searchParams.set("resource", resource);
  if (clientId !== undefined) address.searchParams.set("client_id", clientId);
  const headers: Record<string, string> = isFunction ? { "X-IDENTITY-HEADER": secret } : { Metadata: "true" };
  return (ctx) => ask(address.href, { headers }, ctx);
}

async function ask(address: string, request: RequestInit, ctx: Ctx): Promise<AccessToken> {
  const { host } = new URL(address);
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const answer = await fetch(address, { ...request, signal, redirect: "error" })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((cause) => {
      throwIfAborted(ctx.signal);
      throw unreachable(host, cause);
    });
  const said = readJson(answer.text);
  const token = said.access_token;
  if (answer.status !== 200 || typeof token !== "string") throw refused(host, answer.status, said);
  const seconds = Number(said.expires_in ?? Number.NaN);
  // App Service says when it ends instead.
  const expiresAt = Number.isNaN(seconds) ? Number(said.expires_on) * 1000 : ctx.clock.now() + seconds * 1000;
  return { token, expiresAt };
}

function readJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function unreachable(host: string, cause: unknown): SmartsyncError {
  if (host === new URL(IMDS).host) {
    return new SmartsyncError("this machine has no managed identity: nobody answers for one", {
      kind: "auth",
      code: "credentials-missing",
      hint: "on a machine outside of Azure, sign in with clientSecret or federatedTokenFile below `entra`",
      cause,
    });
  }
  return new SmartsyncError(`could not get a token: ${host} can't be reached`, {
    kind: "transient",
    code: "connect-failed",
    hint: "see whether `authority` below `entra` is right and a firewall lets it through",
    cause,
  });
}

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
function refused(host: string, status: number, said: Record<string, unknown>): SmartsyncError {
  const why = String(said.error_description ?? said.Message ?? said.message ?? said.error ?? "no reason");
  const message = `could not get a token: ${host} says: ${why.split(/[\r\n]/)[0]} (${status})`;
  if (status === 429) return new SmartsyncError(message, { kind: "transient", code: "slow-down" });
  if (status >= 500) return new SmartsyncError(message, { kind: "transient", code: "server-error" });
  const [code, hint] = /AADSTS7000222|AADSTS700024|expired/.test(why)
    ? ["credentials-expired", "make a new client secret, or have the federated token written anew"]
    : ["credentials-wrong", "see tenantId, clientId, the secret's value (not its id), and what the application trusts"];
  return new SmartsyncError(message, { kind: "auth", code, hint });
}
