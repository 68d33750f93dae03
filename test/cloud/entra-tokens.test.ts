import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tokenWay } from "../../src/cloud/entra-tokens.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startTokenServer, type Told } from "../targets/azure-blob/fake-token-server.ts";

const STORAGE = "https://storage.azure.com";
const SCOPE = "https://storage.azure.com/.default";
const GRANTED: Told = { status: 200, body: { token_type: "Bearer", expires_in: 3599, access_token: "a.b.c" } };
const refused = (error_description: string, status = 401): Told => ({
  status,
  body: { error: "invalid_client", error_description: `${error_description}\r\nTrace ID: 1` },
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "smartsync-token-"));
});
afterAll(() => rm(folder, { recursive: true }));
const locate = (file: string) => join(folder, file);

describe("an application", () => {
  test("with a secret asks its tenant for a token for storage", async () => {
    await using server = await startTokenServer(() => GRANTED);
    const config = { tenantId: "tenant.example.jp", clientId: "app", clientSecret: "s3c+ret&=", authority: server.url };
    const ctx = testCtx();
    const before = Date.now();
    const { token, expiresAt } = await tokenWay(config, STORAGE, locate, {})(ctx);
    expect(token).toBe("a.b.c");
    expect(expiresAt).toBeGreaterThanOrEqual(before + 3599_000);
    expect(server.asked).toMatchObject([
      {
        method: "POST",
        path: "/tenant.example.jp/oauth2/v2.0/token",
        form: { grant_type: "client_credentials", client_id: "app", client_secret: "s3c+ret&=", scope: SCOPE },
        headers: { "content-type": expect.stringContaining("application/x-www-form-urlencoded") },
      },
    ]);
  });

  test("with a federated token hands over what its file holds each time", async () => {
    await using server = await startTokenServer(() => GRANTED);
    const config = { federatedTokenFile: "トークン.txt", authority: server.url };
    const ask = tokenWay(config, STORAGE, locate, { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "app" });
    for (const token of ["first.of.github", "second.of.github"]) {
      await writeFile(locate("トークン.txt"), `${token}\n`);
      await ask(testCtx());
    }
    expect(server.asked.map(({ form }) => form.client_assertion)).toEqual(["first.of.github", "second.of.github"]);
    expect(server.asked[0]?.form).toEqual({
      grant_type: "client_credentials",
      client_id: "app",
      scope: SCOPE,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "first.of.github",
    });
  });

  test("is found by the names that Azure's own tools use, and its secret goes before a file in the environment", async () => {
    await using server = await startTokenServer(() => GRANTED);
    const file = join(folder, "of-the-environment");
    await writeFile(file, "issued.elsewhere");
    const env = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "app", AZURE_FEDERATED_TOKEN_FILE: file };
    await tokenWay({ authority: server.url }, STORAGE, locate, env)(testCtx());
    await tokenWay({ authority: server.url, clientSecret: "secret" }, STORAGE, locate, env)(testCtx());
    expect(server.asked.map(({ form }) => form.client_assertion ?? form.client_secret)).toEqual([
      "issued.elsewhere",
      "secret",
    ]);
  });

  test("without a tenant or an id is a mistake in the configuration", () => {
    const config = { clientSecret: "secret", authority: "https://login.microsoftonline.com" };
    expect(() => tokenWay(config, STORAGE, locate, { AZURE_CLIENT_ID: "app" })).toThrow(
      expect.objectContaining({ kind: "config", code: "credentials-missing" }),
    );
  });

  test("whose token file is missing is told which", async () => {
    const config = { tenantId: "t", clientId: "a", federatedTokenFile: "missing.txt", authority: "http://127.0.0.1:1" };
    const error = await tokenWay(config, STORAGE, locate, {})(testCtx()).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "auth", code: "credentials-missing" });
    expect(error.message).toContain("missing.txt");
  });

  test.each([
    ["AADSTS7000215: Invalid client secret provided.", 401, "auth", "credentials-wrong"],
    ["AADSTS7000222: The provided client secret keys are expired.", 401, "auth", "credentials-expired"],
    ["AADSTS700024: Client assertion is not within its valid time range.", 401, "auth", "credentials-expired"],
    ["AADSTS70021: No matching federated identity record found.", 400, "auth", "credentials-wrong"],
    ["AADSTS90002: Tenant 'x' not found.", 400, "auth", "credentials-wrong"],
    ["AADSTS50196: too many requests", 429, "transient", "slow-down"],
    ["AADSTS90033: A transient error has occurred.", 503, "transient", "server-error"],
  ])("that is refused with %s (%i) is told %s %s, and never its secret", async (why, status, kind, code) => {
    await using server = await startTokenServer(() => refused(why, status));
    const config = { tenantId: "t", clientId: "a", clientSecret: "very-secret", authority: server.url };
    const error = await tokenWay(config, STORAGE, locate, {})(testCtx()).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind, code });
    expect(error.message).toContain(why);
    expect(error.message).not.toMatch(/very-secret|Trace/);
  });
});

describe("a managed identity", () => {
  test("of a virtual machine is asked for at its metadata service", async () => {
    await using server = await startTokenServer(() => ({
      ...GRANTED,
      body: { access_token: "vm", expires_in: "86399" },
    }));
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url, AZURE_CLIENT_ID: "identity" };
    const { token } = await tokenWay(
      { authority: "https://login.microsoftonline.com" },
      STORAGE,
      locate,
      env,
    )(testCtx());
    expect(token).toBe("vm");
    expect(server.asked).toMatchObject([
      {
        method: "GET",
        path: "/metadata/identity/oauth2/token",
        query: { "api-version": "2018-02-01", resource: "https://storage.azure.com", client_id: "identity" },
        headers: { metadata: "true" },
      },
    ]);
  });

  test("of a function is asked for where its environment says, and ends when it says", async () => {
    const expires_on = `${Math.floor(Date.now() / 1000) + 7200}`;
    await using server = await startTokenServer(() => ({ status: 200, body: { access_token: "fn", expires_on } }));
    const env = { IDENTITY_ENDPOINT: `${server.url}/msi/token`, IDENTITY_HEADER: "guid" };
    const found = await tokenWay({ authority: "https://login.microsoftonline.com" }, STORAGE, locate, env)(testCtx());
    expect(found).toEqual({ token: "fn", expiresAt: Number(expires_on) * 1000 });
    expect(server.asked).toMatchObject([
      {
        path: "/msi/token",
        query: { "api-version": "2019-08-01", resource: "https://storage.azure.com" },
        headers: { "x-identity-header": "guid" },
      },
    ]);
    expect(server.asked[0]?.query).not.toHaveProperty("client_id");
  });

  test("that the machine does not have is said by its service", async () => {
    await using server = await startTokenServer(() => ({
      status: 400,
      body: { error: "invalid_request", error_description: "Identity not found" },
    }));
    const ask = tokenWay({ authority: "https://x" }, STORAGE, locate, {
      AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url,
    });
    await expect(ask(testCtx())).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
  });

  test("is not waited for once smartsync is stopped", async () => {
    const ask = tokenWay({ authority: "https://x" }, STORAGE, locate, {
      AZURE_POD_IDENTITY_AUTHORITY_HOST: "http://127.0.0.1:1",
    });
    await expect(ask(testCtx({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ kind: "aborted" });
  });
});
