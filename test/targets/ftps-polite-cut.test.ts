import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ftpsTarget } from "../../src/targets/ftps/ftps-target.ts";
import { startFlakyProxy } from "../doubles/flaky-proxy.ts";
import { bodyOf, bytes, metaOf } from "../doubles/site-file.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startVsftpd } from "../servers/vsftpd.ts";

const SERVERS = { vsftpd: startVsftpd, ProFTPD: startProftpd, "Pure-FTPd": startPureFtpd };
const CONTENT = bytes(40_000);
/** In the handshake, in the first, the second and the last TLS record, and near their edges. */
const CUTS = [500, 8_000, 17_500, 20_000, 34_500, 39_000];

// To a server the end of a connection is the end of the file: without TLS all of them say 226, with TLS two of three.
describe.each(Object.entries(SERVERS))("%s behind a line that is cut politely", (_name, start) => {
  test.each(["explicit", "none"] as const)("never shows a part of a file (TLS: %s)", async (tls) => {
    await using server = await start({ tls });
    let afterBytes: number | undefined;
    await using proxy = await startFlakyProxy(server, {
      fault: ({ channel }) => (channel === "data" && afterBytes ? { kind: "cut", afterBytes } : undefined),
    });
    const { host, port } = proxy;
    const { user, password, path, certificate } = server;
    const trusted = certificate ? { ca: certificate.caFile } : {};
    const settings = { type: "ftps", host, port, user, password, path, security: tls, connections: 1, ...trusted };
    const ctx = testCtx();
    await using target = await ftpsTarget.open(ftpsTarget.schema.parse(settings), { name: "web1", baseDir: "/" }, ctx);

    for (const cut of CUTS) {
      afterBytes = cut;
      const name = `画像-${cut}.jpg`;
      const put = () => target.put(metaOf(name, CONTENT), bodyOf(CONTENT), ctx);
      await expect(put(), `cut after ${cut} bytes`).rejects.toMatchObject({ kind: "transient" });
      expect(existsSync(join(server.root, name))).toBe(false);
      afterBytes = undefined;
      await put();
    }
    expect(readdirSync(server.root)).toHaveLength(CUTS.length);
  });
});
