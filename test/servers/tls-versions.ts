import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The environment that holds an OpenSSL program to one TLS version. vsftpd and Pure-FTPd have no setting of their
 * own for it; OpenSSL reads the limits of every program from its configuration file (config(5ssl)).
 */
export function onlyTlsVersion(version: "1.2" | "1.3" | undefined, scratch: string): Record<string, string> {
  if (!version) return {};
  const file = join(scratch, "openssl.cnf");
  writeFileSync(
    file,
    `openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MinProtocol = TLSv${version}
MaxProtocol = TLSv${version}
`,
  );
  return { OPENSSL_CONF: file };
}
