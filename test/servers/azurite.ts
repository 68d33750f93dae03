import { randomBytes } from "node:crypto";
import { serverCertificate } from "./certificates.ts";
import { npmServerFile } from "./npm-server.ts";
import { type ScratchServer, startInScratch } from "./scratch-server.ts";

/** A running Azurite: Azure's blob service on loopback, with one account and no container. */
export interface AzuriteServer extends ScratchServer {
  readonly account: string;
  readonly accountKey: string;
  /** "http://127.0.0.1:10241/smartsynctest": the account is the path's beginning, as in no real account's address. */
  readonly endpoint: string;
}

/** How it is started. */
export interface AzuriteOptions {
  /** Over TLS, with a certificate of the test CA; it takes tokens of Entra ID then, of which it checks all but the signature. */
  readonly tls?: boolean;
}

const ACCOUNT = "smartsynctest";
const OPTIONS = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"];

/** Starts Azurite, which keeps everything in memory. It checks keys and signatures, and knows `$web`. */
export async function startAzurite({ tls = false }: AzuriteOptions = {}): Promise<AzuriteServer> {
  const accountKey = randomBytes(64).toString("base64");
  const { certFile, keyFile } = serverCertificate("valid");
  const secure = tls ? ["--oauth", "basic", "--cert", certFile, "--key", keyFile] : [];
  const server = await startInScratch("azurite", (scratch, { control }) => ({
    argv: [
      process.execPath,
      npmServerFile("azurite", "dist/src/blob/main.js"),
      ...["--blobPort", `${control}`, ...OPTIONS, ...secure],
    ],
    env: { HOME: scratch, AZURITE_ACCOUNTS: `${ACCOUNT}:${accountKey}` },
  }));
  const endpoint = `${tls ? "https" : "http"}://127.0.0.1:${server.port}/${ACCOUNT}`;
  return { ...server, account: ACCOUNT, accountKey, endpoint };
}
