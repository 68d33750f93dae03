import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  ContainerSASPermissions,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { azureBlobSchema } from "../../../src/targets/azure-blob/azure-blob-schema.ts";
import { azureBlobStore } from "../../../src/targets/azure-blob/azure-blob-store.ts";
import { readAccount } from "../../../src/targets/azure-blob/sign-in.ts";
import type { ObjectStore } from "../../../src/targets/objects/object-store.ts";
import { testCtx } from "../../doubles/test-ctx.ts";
import { type AzuriteServer, startAzurite } from "../../servers/azurite.ts";
import { serverCertificate } from "../../servers/certificates.ts";
import { makeContainer } from "./azurite-container.ts";
import { startTokenServer, unsignedToken } from "./fake-token-server.ts";

const HOUR_MS = 3_600_000;

let server: AzuriteServer;
beforeAll(async () => {
  server = await startAzurite();
  await makeContainer(server, "$web");
});
afterAll(() => server.stop());

/** A store as a configuration opens it. */
function open(settings: Record<string, unknown>, env: Record<string, string> = {}): ObjectStore {
  const { account, endpoint } = server;
  const config = azureBlobSchema.parse({ type: "azure-blob", account, endpoint, ...settings });
  return azureBlobStore(
    readAccount(config, (file) => file, env),
    { container: config.container, connections: 8 },
  );
}

function credential(): StorageSharedKeyCredential {
  return new StorageSharedKeyCredential(server.account, server.accountKey);
}

function accountSas(permissions: string, lifeMs = HOUR_MS): string {
  const now = Date.now();
  const terms = {
    startsOn: new Date(now - 2 * HOUR_MS),
    expiresOn: new Date(now + lifeMs),
    permissions: AccountSASPermissions.parse(permissions),
    resourceTypes: AccountSASResourceTypes.parse("co").toString(),
    services: AccountSASServices.parse("b").toString(),
    protocol: SASProtocol.HttpsAndHttp,
  };
  return generateAccountSASQueryParameters(terms, credential()).toString();
}

function containerSas(permissions: string): string {
  const terms = {
    containerName: "$web",
    permissions: ContainerSASPermissions.parse(permissions),
    expiresOn: new Date(Date.now() + HOUR_MS),
    protocol: SASProtocol.HttpsAndHttp,
  };
  return generateBlobSASQueryParameters(terms, credential()).toString();
}

/** Everything that is signed in a way of its own: small writes, blocks, copies, lists, single deletes and batches. */
async function deliver(store: ObjectStore): Promise<void> {
  const ctx = testCtx();
  const keys = Array.from({ length: 40 }, (_, i) => `お知らせ/${100 + i} (a+b&c).html`);
  const serving = { contentType: "text/html; charset=utf-8", metadata: { zone_1: "x", zone2: "y" }, hash: "plain-1" };
  await Promise.all(keys.map((key) => store.put(key, Buffer.from(key), { serving }, ctx)));
  const held = await store.hold("held.html", "beside", Buffer.from("あとで"), { serving }, ctx);
  await held.commit(ctx);
  await store.copy("held.html", "kept.html", {}, ctx);
  await store.copy(
    "held.html",
    "held.html",
    { attributes: { serving: { ...serving, cacheControl: "no-cache" } } },
    ctx,
  );
  const listed = (await Array.fromAsync(store.list({ prefix: "" }, ctx))).flat().map(({ key }) => key);
  expect(listed.sort()).toEqual([...keys, "held.html", "kept.html"].sort());
  await store.remove(listed, ctx);
  expect((await Array.fromAsync(store.list({ prefix: "" }, ctx))).flat()).toEqual([]);
  expect(await store.get("held.html", ctx)).toBeUndefined();
}

describe("a delivery signs in", () => {
  const ways: Record<string, () => Record<string, unknown>> = {
    "with the account's key": () => ({ accountKey: server.accountKey }),
    "with an account's signature": () => ({ sas: accountSas("rwdlc") }),
    "with a container's signature, copied with its question mark": () => ({ sas: `?${containerSas("rwdlc")}` }),
    "with a connection string": () => ({
      ...{ account: undefined, endpoint: undefined },
      connectionString: `DefaultEndpointsProtocol=http;AccountName=${server.account};AccountKey=${server.accountKey};BlobEndpoint=${server.endpoint}/;`,
    }),
    "with a connection string that holds a signature": () => ({
      ...{ account: undefined, endpoint: undefined },
      connectionString: `BlobEndpoint=${server.endpoint};AccountName=${server.account};SharedAccessSignature=${accountSas("rwdlc")}`,
    }),
  };
  for (const [way, settings] of Object.entries(ways)) {
    test(way, async () => {
      await using store = open(settings());
      await deliver(store);
    });
  }

  test("with Entra ID over TLS, once its certificate is trusted", async () => {
    await using secure = await startAzurite({ tls: true });
    await using entra = await startTokenServer(() => ({
      status: 200,
      body: { access_token: unsignedToken(3600), expires_in: 3600 },
    }));
    const known = getCACertificates("default");
    const trusted = () => setDefaultCACertificates([...known, readFileSync(serverCertificate("valid").caFile, "utf8")]);
    const settings = {
      ...{ account: secure.account, endpoint: secure.endpoint },
      entra: { tenantId: "tenant", clientId: "app", clientSecret: "secret", authority: entra.url },
    };
    {
      await using store = open(settings);
      await expect(store.head("a.html", testCtx())).rejects.toMatchObject({
        kind: "auth",
        code: "certificate-untrusted",
      });
    }
    try {
      trusted();
      await makeContainer(secure, "$web");
      await using store = open(settings);
      await deliver(store);
      expect(entra.asked.length).toBe(2);
    } finally {
      setDefaultCACertificates(known);
    }
  });
});

describe("who signs in wrongly is told so", () => {
  const ctx = testCtx();
  const put = (store: ObjectStore) => store.put("a.html", Buffer.from("a"), {}, ctx);

  test("with another account's key", async () => {
    await using store = open({ accountKey: Buffer.alloc(64, "other").toString("base64") });
    await expect(put(store)).rejects.toMatchObject({ kind: "auth", code: "credentials-wrong" });
  });

  test("with a key that is none", () => {
    const broken = () => open({ accountKey: "not a key" });
    expect(broken).toThrow(expect.objectContaining({ kind: "config", code: "credentials-wrong" }));
  });

  test("with a connection string that lacks something", () => {
    for (const connectionString of ["AccountName=a", "AccountKey=YQ==", "nonsense"]) {
      const broken = () => open({ account: undefined, connectionString });
      expect(broken).toThrow(expect.objectContaining({ kind: "config", code: "credentials-wrong" }));
    }
  });

  test("with a signature that ended an hour ago", async () => {
    await using store = open({ sas: accountSas("rwdlc", -HOUR_MS) });
    await expect(put(store)).rejects.toMatchObject({ kind: "auth", code: expect.stringMatching(/^credentials-/) });
  });

  test("with a signature that may only read", async () => {
    await using store = open({ sas: accountSas("rl") });
    await expect(put(store)).rejects.toMatchObject({ kind: "auth", code: "permission-denied" });
    expect(await store.get("a.html", ctx)).toBeUndefined();
  });

  test("with a signature that may not delete, and what it may delete is not told gone", async () => {
    await using writer = open({ accountKey: server.accountKey });
    const keys = Array.from({ length: 30 }, (_, i) => `${i}.html`);
    await Promise.all(keys.map((key) => writer.put(key, Buffer.from(key), {}, ctx)));
    await using store = open({ sas: containerSas("rwlc") });
    const gone: string[] = [];
    await expect(store.remove(keys, ctx, (key) => gone.push(key))).rejects.toMatchObject({ code: "permission-denied" });
    expect(gone).toEqual([]);
    await writer.remove(keys, ctx);
  });

  test("with a container that is not there", async () => {
    await using store = open({ accountKey: server.accountKey, container: "missing" });
    const missing = { kind: "config", code: "bucket-missing" };
    await expect(put(store)).rejects.toMatchObject(missing);
    await expect(store.get("a.html", ctx)).rejects.toMatchObject(missing);
    await expect(store.head("a.html", ctx)).rejects.toMatchObject(missing);
    await expect(Array.fromAsync(store.list({ prefix: "" }, ctx))).rejects.toMatchObject(missing);
    await expect(store.remove(["a.html"], ctx)).rejects.toMatchObject(missing);
    await expect(store.examine?.("probe", ctx)).rejects.toMatchObject(missing);
  });
});
