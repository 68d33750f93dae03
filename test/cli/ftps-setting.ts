import type { FtpServer } from "../servers/ftp-server.ts";

/** The settings of an ftps target on a test server, its certificate trusted through the test CA. */
export function ftpsSetting(server: FtpServer, more: object = {}): object {
  const { host, port, user, path, password, certificate } = server;
  return { type: "ftps", host, port, user, password, path, ca: certificate?.caFile, connections: 4, ...more };
}
