import type { ServerResponse } from "node:http";
import { type Answer, freshId } from "./answer.ts";
import type { S3Fault } from "./fault.ts";
import { toXml } from "./xml.ts";

/** A fault as S3 words it. */
export function answerOf({ status, code, message, details, headers }: S3Fault): Answer {
  if (status === 304) return { status };
  const body = toXml({ Error: { Code: code, Message: message, ...details, RequestId: freshId(), HostId: "s3-fake" } });
  return { status, headers: { "content-type": "application/xml", ...headers }, body };
}

/** Sends an answer; a HEAD's body stays behind. */
export function send(response: ServerResponse, { status, headers = {}, body = "" }: Answer, method: string): void {
  const length = status === 204 || status === 304 ? {} : { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { "x-amz-request-id": "FAKE", ...length, ...headers });
  response.end(method === "HEAD" ? undefined : body);
}

/** Sends the half of an answer, and cuts the connection. */
export function sendHalf(response: ServerResponse, { status, body = "" }: Answer): void {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 ${status} OK\r\ncontent-length: ${bytes.length}\r\n`;
  const half = bytes.length === 0 ? head : `${head}\r\n${bytes.subarray(0, bytes.length / 2).toString("latin1")}`;
  response.socket?.write(half, "latin1", () => response.socket?.destroy());
}
