import { startPureFtpd } from "../servers/pure-ftpd.ts";
import { contract } from "./ftps-stage.ts";

contract("Pure-FTPd, TLS 1.2 and 1.3", startPureFtpd);
contract("Pure-FTPd, only TLS 1.2", () => startPureFtpd({ tlsVersion: "1.2" }));
contract("Pure-FTPd, one connection", startPureFtpd, { settings: { connections: 1 } });
contract("Pure-FTPd, plain FTP", () => startPureFtpd({ tls: "none" }));
