import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SmartsyncError } from "../../src/lib/errors.ts";
import { bodyOf, bytes, metaOf } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { serverCertificate } from "../servers/certificates.ts";
import type { FtpServer } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startVsftpd } from "../servers/vsftpd.ts";
import { openOn } from "./ftps-stage.ts";

const untold = { ca: undefined };

/** Why the target can't be opened. */
async function refusal(server: FtpServer, settings: object): Promise<SmartsyncError> {
  const error = await openOn(server, settings).catch((thrown: unknown) => thrown);
  if (error instanceof SmartsyncError) return error;
  throw new Error(`expected a SmartsyncError, got ${error}`);
}

/** Opens the target and sends a file: control and data connections are trusted. */
async function sends(server: FtpServer, settings: object): Promise<boolean> {
  await using target = await openOn(server, settings);
  const content = bytes(3_000);
  await target.put(metaOf("信頼.html", content), bodyOf(content), testCtx());
  return Buffer.compare(readFileSync(`${server.root}/信頼.html`), content) === 0;
}

async function listenOn(server: Server, host: string, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

/** The same control connection under another address of this machine. */
async function underAddress(server: FtpServer, host: string): Promise<{ host: string; port: number; close(): void }> {
  const proxy = createServer((client) => {
    const onward = connect(server.port, server.host);
    client.pipe(onward).pipe(client);
    for (const socket of [client, onward]) socket.on("error", () => undefined);
  });
  return { host, port: await listenOn(proxy, host), close: () => proxy.close() };
}

describe("a self-signed server", () => {
  let server: FtpServer;
  beforeAll(async () => {
    server = await startVsftpd({ certificate: "self-signed" });
  });
  afterAll(() => server.stop());
  const { fingerprint } = serverCertificate("self-signed");

  test("is refused before the user's name is sent, with its fingerprint and the line to add", async () => {
    const error = await refusal(server, untold);
    expect(error).toMatchObject({ kind: "auth", code: "certificate-untrusted" });
    expect(error.message).toContain(fingerprint);
    expect(error.hint).toContain(`fingerprint: "${fingerprint}"`);
    expect(server.log()).not.toContain('"USER ');
  });

  test.each([fingerprint, fingerprint.toLowerCase().replaceAll(":", "")])(
    "is trusted by its fingerprint, %s",
    async (written) => {
      expect(await sends(server, { ...untold, fingerprint: written })).toBe(true);
    },
  );

  test("is trusted by its own certificate as authority", async () => {
    expect(await sends(server, {})).toBe(true);
  });

  test("is refused when the fingerprint is another's, even if the authority would do", async () => {
    const other = serverCertificate("valid").fingerprint;
    expect(await refusal(server, { ...untold, fingerprint: other })).toMatchObject({ code: "certificate-changed" });
  });

  test("is accepted unchecked only by name, and with a warning", async () => {
    const ctx = testCtx();
    await using target = await openOn(server, { ...untold, insecure: "accept-any-certificate" }, ctx);
    expect(target.caps.features).toContainEqual(expect.stringMatching(/^certificate CN=localhost valid to /));
    expect(ctx.events).toMatchObject([{ type: "warning", target: "web", code: "certificate-unchecked" }]);
  });
});

test("an expired certificate is refused, and says so", async () => {
  await using server = await startProftpd({ certificate: "expired" });
  const error = await refusal(server, {});
  expect(error).toMatchObject({ kind: "auth", code: "certificate-expired" });
  expect(error.hint).toContain(serverCertificate("expired").fingerprint);
  expect(await sends(server, { ...untold, fingerprint: serverCertificate("expired").fingerprint })).toBe(true);
});

test("a good certificate of another host is refused", async () => {
  await using server = await startPureFtpd();
  const elsewhere = await underAddress(server, "127.0.0.3");
  const { host, port } = elsewhere;
  expect(await refusal(server, { host, port })).toMatchObject({ kind: "auth", code: "certificate-wrong-host" });
  elsewhere.close();
});

test("nothing is sent to a data port where somebody else answers", async () => {
  await using server = await startPureFtpd();
  const { host, port, close } = await underAddress(server, "127.0.0.2");
  const { certFile, keyFile } = serverCertificate("self-signed");
  const heard: Buffer[] = [];
  const impostors: Server[] = [];
  for (let at = server.passive.first; at <= server.passive.last; at++) {
    const impostor = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (socket) =>
      socket.on("data", (data) => heard.push(data)).on("error", () => undefined),
    );
    impostor.on("tlsClientError", () => undefined);
    await listenOn(impostor, host, at);
    impostors.push(impostor);
  }
  await using target = await openOn(server, { host, port });
  const content = bytes(3_000);
  const put = target.put(metaOf("秘密.html", content), bodyOf(content), testCtx());
  await expect(put).rejects.toMatchObject({ kind: "auth", code: "certificate-untrusted" });
  expect(heard).toEqual([]);
  for (const impostor of impostors) impostor.close();
  close();
});

describe("a server that is spoken to in the wrong way", () => {
  test.each([startVsftpd, startProftpd, startPureFtpd])(
    "a wrong password is an auth error that does not show it (%o)",
    async (start) => {
      await using server = await start();
      const error = await refusal(server, { password: "ひみつの合言葉" });
      expect(error).toMatchObject({ kind: "auth", code: "login-refused" });
      expect(`${error.message} ${error.hint}`).not.toContain("ひみつ");
    },
  );

  test.each([startVsftpd, startProftpd, startPureFtpd])(
    "plain FTP where TLS is demanded says what to do (%o)",
    async (start) => {
      await using server = await start();
      expect(await refusal(server, { ...untold, security: "none" })).toMatchObject({
        kind: "config",
        code: "tls-required",
      });
    },
  );

  test("TLS where there is none is refused, and never becomes plain FTP by itself", async () => {
    await using server = await startVsftpd({ tls: "none" });
    expect(await refusal(server, { security: "explicit" })).toMatchObject({ kind: "config", code: "tls-not-offered" });
    expect(server.log()).not.toContain('"USER ');
  });

  test("plain FTP by name works, with a warning", async () => {
    await using server = await startVsftpd({ tls: "none" });
    const ctx = testCtx();
    await using target = await openOn(server, {}, ctx);
    expect(target.caps.features).toContain("no encryption");
    expect(ctx.events).toMatchObject([{ type: "warning", code: "not-encrypted" }]);
  });

  test("a TLS version that is too old is refused", async () => {
    await using server = await startProftpd({ tlsVersion: "1.2" });
    expect(await refusal(server, { minTls: "TLSv1.3" })).toMatchObject({
      kind: "config",
      code: "tls-handshake-failed",
    });
    expect(await sends(server, { minTls: "TLSv1.2", maxTls: "TLSv1.2" })).toBe(true);
  });

  test("nobody at home, and no such host", async () => {
    await using server = await startVsftpd();
    expect(await refusal(server, { port: 1 })).toMatchObject({ kind: "transient", code: "connect-failed" });
    expect(await refusal(server, { host: "no-such-host.invalid" })).toMatchObject({ code: "host-not-found" });
  });
});
