import { isIP } from "node:net";
import {
  type ConnectionOptions,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { SmartsyncError } from "../../lib/errors.ts";
import type { FtpsConfig } from "./ftps-config.ts";

/** Whom we believe to be the server, and how TLS is spoken with it. */
export interface Trust {
  readonly host: string;
  /**
   * For `tls.connect`. It never rejects by itself: a refused certificate must first be read, to be shown. `group` is
   * the key exchange that the server is known to choose: guessed right, it spares a round trip.
   */
  tlsOptions(group?: string): ConnectionOptions;
  /** Lower-case hexadecimal SHA-256 of the one certificate to trust. */
  readonly fingerprint?: string;
  readonly acceptAny: boolean;
}

type TrustSettings = Pick<FtpsConfig, "host" | "minTls" | "maxTls" | "fingerprint" | "insecure">;

const OTHER_GROUPS = "X25519:P-256:P-384";

/** Reads a target's settings; `ca` is the PEM text of the authorities to trust instead of the well-known ones. */
export function createTrust(config: TrustSettings, ca?: string): Trust {
  const { host, minTls, maxTls, fingerprint } = config;
  // Making one reads every known authority: far too slow to be done for each data connection.
  const contexts = new Map<string | undefined, SecureContext>();
  const contextFor = (group?: string): SecureContext => {
    const known = contexts.get(group);
    if (known) return known;
    const context = createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(minTls ? { minVersion: minTls } : {}),
      ...(maxTls ? { maxVersion: maxTls } : {}),
      ...(group ? { ecdhCurve: `${group}:${OTHER_GROUPS}` } : {}),
    });
    contexts.set(group, context);
    return context;
  };
  return {
    host,
    // Sessions are resumed only under the name they were made for: every connection must give the same one.
    tlsOptions: (group) => ({
      host,
      ...(isIP(host) ? {} : { servername: host }),
      secureContext: contextFor(group),
      rejectUnauthorized: false,
    }),
    ...(fingerprint ? { fingerprint: normalize(fingerprint) } : {}),
    acceptAny: config.insecure === "accept-any-certificate",
  };
}

/** Throws (kind auth) unless the peer of a finished handshake is who we trust. Nothing may be sent before. */
export function checkCertificate(socket: TLSSocket, trust: Trust): void {
  const certificate = socket.getPeerCertificate();
  if (trust.acceptAny) return;
  if (trust.fingerprint !== undefined) {
    if (fingerprintOf(certificate) !== trust.fingerprint) throw refusal(trust, certificate, "FINGERPRINT_MISMATCH");
  } else if (!socket.authorized) {
    throw refusal(trust, certificate, String(socket.authorizationError));
  }
}

/** Throws (kind auth) unless a data connection leads to the server of its control connection. */
export function checkSameServer(data: TLSSocket, control: TLSSocket, trust: Trust): void {
  if (data.isSessionReused()) return;
  if (fingerprintOf(data.getPeerCertificate()) !== fingerprintOf(control.getPeerCertificate())) {
    checkCertificate(data, trust);
  }
}

/** The certificate for people: "certificate CN=ftp.example.jp valid to Nov 22 2027". */
export function describeCertificate(certificate: PeerCertificate): string {
  const [month, day, , year] = (certificate.valid_to ?? "").split(/\s+/);
  return `certificate CN=${certificate.subject?.CN ?? "?"} valid to ${month} ${day} ${year}`;
}

const REFUSALS: Record<string, { code: string; why: string }> = {
  CERT_HAS_EXPIRED: { code: "certificate-expired", why: "it has expired" },
  CERT_NOT_YET_VALID: { code: "certificate-not-yet-valid", why: "it is not valid yet" },
  ERR_TLS_CERT_ALTNAME_INVALID: { code: "certificate-wrong-host", why: "it was issued for another host name" },
  FINGERPRINT_MISMATCH: { code: "certificate-changed", why: "it is not the one whose fingerprint is configured" },
  DEPTH_ZERO_SELF_SIGNED_CERT: { code: "certificate-untrusted", why: "it is signed by nobody but itself" },
};

function refusal(trust: Trust, certificate: PeerCertificate, reason: string): SmartsyncError {
  const known = REFUSALS[reason] ?? {
    code: "certificate-untrusted",
    why: `no known authority vouches for it (${reason})`,
  };
  return new SmartsyncError(
    `could not trust ${trust.host}: ${known.why}; SHA-256 fingerprint ${certificate.fingerprint256}, ${describeCertificate(certificate)}`,
    {
      kind: "auth",
      code: known.code,
      hint: `if you know it to be the right server, trust exactly this certificate with the line: fingerprint: "${certificate.fingerprint256}"`,
    },
  );
}

function fingerprintOf(certificate: PeerCertificate): string {
  return normalize(certificate.fingerprint256 ?? "");
}

function normalize(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}
