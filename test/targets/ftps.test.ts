import { join } from "node:path";
import iconv from "iconv-lite";
import { ftpsTarget } from "../../src/targets/ftps/ftps-target.ts";
import type { Target } from "../../src/targets/target.ts";
import { type DiskLayout, diskLook } from "../contract/disk-look.ts";
import { type TargetServer, type TargetTraits, testTarget } from "../contract/target-contract.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { ACCOUNT, type FtpServer } from "../servers/ftp-server.ts";
import { startProftpd } from "../servers/proftpd.ts";
import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { startVsftpd } from "../servers/vsftpd.ts";

/** What differs from a target with the server's own CA on a server that can everything. */
interface Case {
  /** More of the target's configuration. */
  settings?: object;
  lacking?: Partial<TargetTraits>;
  names?: DiskLayout["names"];
  /** Done with each target first: what only the first replaced file shows must be known to it. */
  warmUp?: (target: Target) => Promise<void>;
}

/** Runs the contract against a real server. */
function contract(
  name: string,
  start: () => Promise<FtpServer>,
  { settings, lacking, names, warmUp }: Case = {},
): void {
  const setup = async (): Promise<TargetServer> => {
    const server = await start();
    const { host, port, user, password, path } = server;
    const security = server.tls;
    const trust = server.certificate ? { ca: server.certificate.caFile } : {};
    const config = ftpsTarget.schema.parse({
      ...{ type: "ftps", host, port, user, password, path, security, ...trust },
      ...settings,
    });
    return {
      async open() {
        const target = await ftpsTarget.open(config, { name: "web", baseDir: "/" }, testCtx());
        await warmUp?.(target);
        return target;
      },
      look: diskLook({
        root: server.root,
        stateDir: join(server.home, ".smartsync"),
        owner: ACCOUNT,
        ...(names ? { names } : {}),
      }),
      stop: () => server.stop(),
    };
  };
  testTarget(name, setup, lacking);
}

const shiftJis = {
  encode: (name: string) => iconv.encode(name, "shift_jis"),
  decode: (raw: Buffer) => iconv.decode(raw, "shift_jis"),
};

contract("vsftpd, TLS session reuse demanded, no MLSD", startVsftpd);
contract("vsftpd, only TLS 1.2", () => startVsftpd({ tlsVersion: "1.2" }));
contract("vsftpd, only TLS 1.3, implicit", () => startVsftpd({ tlsVersion: "1.3", tls: "implicit" }));
contract("vsftpd, PASV behind NAT", () => startVsftpd({ pasvAddress: "10.1.2.3" }));
contract("vsftpd, names in Shift_JIS", () => startVsftpd({ encoding: "shift_jis" }), {
  settings: { encoding: "shift_jis" },
  names: shiftJis,
});
contract("ProFTPD, TLS session reuse demanded", startProftpd);
contract("ProFTPD, only TLS 1.2, implicit", () => startProftpd({ tlsVersion: "1.2", tls: "implicit" }));
contract("ProFTPD, never overwrites", () => startProftpd({ allowOverwrite: false }), {
  lacking: { atomicReplace: false },
  async warmUp({ state }) {
    for (let i = 0; i < 2; i++) await state.write("warm-up", Buffer.from("二度目は置き換え"), testCtx());
    await state.remove(["warm-up"], testCtx());
  },
});
contract("ProFTPD, no MLSD and no MFMT", () => startProftpd({ mlsd: false }), { lacking: { mtimes: false } });
contract("Pure-FTPd, TLS 1.3", () => startPureFtpd({ tlsVersion: "1.3" }));
contract("Pure-FTPd, only TLS 1.2, five connections", () => startPureFtpd({ tlsVersion: "1.2", maxPerAddress: 14 }));
contract("Pure-FTPd, plain FTP", () => startPureFtpd({ tls: "none" }));
