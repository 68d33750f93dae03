import { testCtx } from "../doubles/test-ctx.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { contract } from "./ftps-stage.ts";

contract("ProFTPD, TLS session reuse demanded", startProftpd);
contract("ProFTPD, only TLS 1.2, implicit", () => startProftpd({ tlsVersion: "1.2", tls: "implicit" }));
contract("ProFTPD, self-signed certificate, no session reuse demanded", () =>
  startProftpd({ certificate: "self-signed", sessionReuse: "off" }),
);
contract("ProFTPD, no MLSD and no MFMT", () => startProftpd({ mlsd: false }), { lacking: { mtimes: false } });
contract("ProFTPD, never overwrites", () => startProftpd({ allowOverwrite: false }), {
  lacking: { atomicReplace: false },
  async warmUp({ state }) {
    for (let i = 0; i < 2; i++) await state.write("warm-up", Buffer.from("二度目は置き換え"), testCtx());
    await state.remove(["warm-up"], testCtx());
  },
});
