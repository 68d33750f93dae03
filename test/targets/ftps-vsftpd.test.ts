import iconv from "iconv-lite";
import { startVsftpd } from "../servers/vsftpd.ts";
import { contract } from "./ftps-stage.ts";

const shiftJis = {
  encode: (name: string) => iconv.encode(name, "shift_jis"),
  decode: (raw: Buffer) => iconv.decode(raw, "shift_jis"),
};

contract("vsftpd, TLS session reuse demanded, no MLSD", startVsftpd);
contract("vsftpd, only TLS 1.2", () => startVsftpd({ tlsVersion: "1.2" }));
contract("vsftpd, only TLS 1.3, implicit", () => startVsftpd({ tlsVersion: "1.3", tls: "implicit" }));
contract("vsftpd, PASV with an address behind NAT", () => startVsftpd({ pasvAddress: "10.1.2.3" }));
contract("vsftpd, names in Shift_JIS", () => startVsftpd({ encoding: "shift_jis" }), {
  settings: { encoding: "shift_jis" },
  names: shiftJis,
});
