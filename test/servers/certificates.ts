import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What a server shows: signed by the test CA for 127.0.0.1 and localhost, signed by itself, or run out yesterday. */
export type CertificateKind = "valid" | "self-signed" | "expired";

/** A server's certificate and what a client needs to trust it. */
export interface ServerCertificate {
  /** PEM of the certificate a client has to trust: the test CA's, or the self-signed one itself. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate and key in one PEM. */
  readonly pemFile: string;
  /** SHA-256 of the certificate: upper-case hex pairs with colons, as OpenSSL and Node print it. */
  readonly fingerprint: string;
}

const CACHE = join(import.meta.dirname, "../../.cache");
const FOLDER = join(CACHE, "certificates");

// A P-256 key costs a server a tenth of what RSA does per handshake.
const MAKE = `
  key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
  sign() { openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -copy_extensions copy -days "$2" -out "$1.crt"; }
  names=subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2
  key ca && openssl req -x509 -key ca.key -subj "/CN=smartsync test CA" -days 3650 -out ca.crt
  key self-signed && openssl req -x509 -key self-signed.key -subj /CN=localhost -addext $names -days 3650 -out self-signed.crt
  for kind in valid expired; do key $kind && openssl req -new -key $kind.key -subj /CN=localhost -addext $names -out $kind.csr; done
  sign valid 3650 && sign expired -1
  for kind in valid expired self-signed; do cat $kind.crt $kind.key >$kind.pem; done
`;

/** Makes all of them once per checkout. Of two processes doing so at once, the first to finish wins. */
function makeCertificates(): void {
  if (existsSync(FOLDER)) return;
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(`${FOLDER}-`);
  execFileSync("sh", ["-euc", MAKE], { cwd: draft, stdio: ["ignore", "ignore", "pipe"] });
  try {
    renameSync(draft, FOLDER);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(FOLDER)) throw error;
  }
}

/** The server certificate of a kind, made on first use with the openssl command and kept in `.cache/`. */
export function serverCertificate(kind: CertificateKind): ServerCertificate {
  makeCertificates();
  const certFile = join(FOLDER, `${kind}.crt`);
  return {
    caFile: kind === "self-signed" ? certFile : join(FOLDER, "ca.crt"),
    certFile,
    keyFile: join(FOLDER, `${kind}.key`),
    pemFile: join(FOLDER, `${kind}.pem`),
    fingerprint: new X509Certificate(readFileSync(certFile)).fingerprint256,
  };
}
