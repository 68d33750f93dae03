import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ControlChannel } from "./control-channel.ts";
import { isDone, type Reply, replyError, saysTooMany } from "./replies.ts";
import { readFeatures, type Server } from "./server.ts";
import { checkCertificate } from "./trust.ts";

/**
 * From the greeting to a settled session: encrypts where it is to, logs in, then asks and settles everything else in
 * one round trip. Gives what the server says it can do.
 */
export async function login(control: ControlChannel, server: Server): Promise<Partial<Server>> {
  const { config } = server;
  try {
    const greeting = await control.greeting();
    if (!isDone(greeting)) throw refused(server, "connect to", greeting);
    if (config.security === "explicit") await encrypt(control, server);
    await identify(control, server);
    return await settle(control, server);
  } catch (error) {
    const failure = connectFailure(error, config.host);
    control.destroy(failure);
    throw failure;
  }
}

async function encrypt(control: ControlChannel, server: Server): Promise<void> {
  const reply = await control.send("AUTH TLS");
  if (saysTooMany(reply)) throw refused(server, "connect to", reply);
  if (reply.code !== 234) {
    throw new SmartsyncError(
      `could not encrypt the connection to ${server.config.host}: the server says "${reply.message}"`,
      {
        kind: "config",
        code: "tls-not-offered",
        hint: 'try security: "implicit"; plain FTP is spoken only with security: "none"',
      },
    );
  }
  control.upgrade(await startTls(control.socket, server));
}

/** Encrypts a socket that is connected or connecting; throws unless the certificate is one we trust. */
export async function startTls(socket: Socket, server: Server): Promise<TLSSocket> {
  const { trust, timeoutMs } = server;
  const secured = connectTls({ ...trust.tlsOptions(), socket });
  const stop = (): void => void secured.destroy(new Error("the connection was closed"));
  socket.once("close", stop);
  try {
    await once(secured, "secureConnect", { signal: AbortSignal.timeout(timeoutMs) });
    checkCertificate(secured, trust);
    return secured;
  } catch (error) {
    secured.on("error", () => undefined).destroy();
    throw connectFailure(error, trust.host);
  } finally {
    socket.off("close", stop);
  }
}

async function identify(control: ControlChannel, server: Server): Promise<void> {
  const { user, password } = server.config;
  const asked = await control.send(`USER ${user}`);
  if (isDone(asked)) return;
  if (asked.code !== 331) throw refused(server, "log in to", asked);
  const answer = await control.send(`PASS ${password}`);
  if (!isDone(answer)) throw refused(server, "log in to", answer);
}

async function settle(control: ControlChannel, server: Server): Promise<Partial<Server>> {
  const { config } = server;
  const utf8 = config.encoding === "utf8" ? control.send("OPTS UTF8 ON") : undefined;
  const [type, feat, syst, siteHelp, setTime, protection] = await Promise.all([
    control.send("TYPE I"),
    control.send("FEAT"),
    control.send("SYST"),
    control.send("SITE HELP"),
    // Only a server that sets times by MDTM takes the number for anything but a part of the name.
    control.send("MDTM 19700101000000 /.smartsync-none"),
    config.security === "none" ? undefined : protect(control),
    utf8,
  ]);
  if (!isDone(type)) throw replyError("ask for unchanged bytes from", config.host, type);
  if (protection && !isDone(protection)) throw replyError("encrypt the data connections to", config.host, protection);
  return readFeatures({ feat, syst, siteHelp, setTime }, config);
}

/** RFC 4217: data connections are encrypted too. */
async function protect(control: ControlChannel): Promise<Reply> {
  const [, protection] = await Promise.all([control.send("PBSZ 0"), control.send("PROT P")]);
  return protection;
}

function refused({ config }: Server, doing: string, reply: Reply): SmartsyncError {
  if (config.security === "none" && /clear ?text|encrypt|\bTLS\b|\bSSL\b/i.test(reply.message)) {
    return new SmartsyncError(`could not ${doing} ${config.host}: the server says "${reply.message}"`, {
      kind: "config",
      code: "tls-required",
      hint: 'take security: "none" away',
    });
  }
  if (!saysTooMany(reply)) return replyError(doing, `${config.host} as ${config.user}`, reply);
  return new SmartsyncError(`could not ${doing} ${config.host}: the server says "${reply.message}"`, {
    kind: "transient",
    code: "too-many-connections",
    hint: "others may be connected as the same user; a lower `connections` leaves room for them",
  });
}

/** A failure on the way to a session: what the system says of the address or the handshake is told apart. */
function connectFailure(error: unknown, host: string): SmartsyncError {
  const known = error instanceof SmartsyncError && error.kind !== "transient";
  if (known || (error instanceof SmartsyncError && !(error.cause instanceof Error))) return error;
  const cause = error instanceof SmartsyncError ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const why = reasonOf(cause);
  if (code === "ENOTFOUND") {
    return new SmartsyncError(`could not find ${host}: no such host`, {
      kind: "config",
      code: "host-not-found",
      hint: "see whether `host` is spelt right, and whether this machine can look up names",
      cause,
    });
  }
  if (/^(ERR_SSL|EPROTO|ERR_TLS)/.test(code)) {
    return new SmartsyncError(`could not encrypt the connection to ${host}: ${why}`, {
      kind: "config",
      code: "tls-handshake-failed",
      hint: "see whether minTls and maxTls leave a version that the server speaks, and whether the port speaks TLS",
      cause,
    });
  }
  return new SmartsyncError(`could not connect to ${host}: ${why}`, {
    kind: "transient",
    code: "connect-failed",
    hint: "see whether host and port are right and a firewall lets them through",
    cause,
  });
}

/** OpenSSL's own line names its source files; the reason is the part that says something. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if ("reason" in cause && typeof cause.reason === "string") return cause.reason;
  return cause.message.replace(" (control socket)", "");
}
