import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { FtpServer } from "./ftp-server.ts";

/** How a client command ended. */
export interface ClientRun {
  readonly status: number | null;
  /** Standard output and standard error together. */
  readonly text: string;
}

async function run(command: string, args: readonly string[], input = ""): Promise<ClientRun> {
  const child = spawn(command, args, { timeout: 30_000 });
  let text = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  // A client that refuses the server never reads its input: EPIPE says nothing that its status doesn't.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, text };
}

/** Runs curl on a path of the server's ("" for its root), logged in, over TLS where the server speaks it. */
export function curl(
  server: FtpServer,
  path: string,
  args: readonly string[] = [],
  input?: string,
): Promise<ClientRun> {
  const tls = server.certificate ? ["--ssl-reqd", "--cacert", server.certificate.caFile] : [];
  const login = ["--user", `${server.user}:${server.password}`];
  const address = `${server.tls === "implicit" ? "ftps" : "ftp"}://${server.host}:${server.port}/${path}`;
  return run("curl", ["--silent", "--show-error", "--verbose", ...tls, ...login, ...args, address], input);
}

/** Uploads a text with curl. */
export function upload(
  server: FtpServer,
  path: string,
  text: string,
  args: readonly string[] = [],
): Promise<ClientRun> {
  return curl(server, path, ["--upload-file", "-", ...args], text);
}

/** Shakes hands with openssl, after AUTH TLS where that is due; the text says what it thinks of the certificate, and has it. */
export function handshake(server: FtpServer, ...args: string[]): Promise<ClientRun> {
  const start = server.tls === "implicit" ? [] : ["-starttls", "ftp"];
  const trust = server.certificate ? ["-CAfile", server.certificate.caFile] : [];
  const address = `${server.host}:${server.port}`;
  return run("openssl", ["s_client", "-connect", address, ...start, ...trust, ...args], "QUIT\r\n");
}

/** A bare FTP conversation without TLS. */
export interface Conversation extends Disposable {
  /** What the server said first. */
  readonly greeting: string;
  /** Sends a line and gives the whole reply, or what came before the server hung up. */
  ask(line: string | Buffer): Promise<string>;
  /** Waits for what the server says of its own accord. */
  listen(): Promise<string>;
}

/** Connects in plain FTP and reads the greeting; logs in unless told not to. */
export async function converse(server: FtpServer, login = true): Promise<Conversation> {
  const socket = connect(server.port, server.host);
  let received = "";
  let wake = () => {};
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    wake();
  });
  socket.on("close", () => wake());
  socket.on("error", (error) => {
    received += error.message;
  });
  await once(socket, "connect");
  const listen = async () => {
    // A reply ends with a line of its code and a space (RFC 959, 4.2).
    while (!/^\d{3} .*\r\n$/m.test(received) && !socket.closed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const reply = received;
    received = "";
    return reply;
  };
  const ask = (line: string | Buffer) => {
    socket.write(Buffer.concat([Buffer.from(line), Buffer.from("\r\n")]));
    return listen();
  };
  const greeting = await listen();
  if (login) {
    await ask(`USER ${server.user}`);
    await ask(`PASS ${server.password}`);
  }
  return { greeting, ask, listen, [Symbol.dispose]: () => socket.destroy() };
}
