import { demand } from "./fault.ts";

/** One part of a body. */
export interface Part {
  readonly type: string;
  readonly content: Buffer;
}

/** Takes a multipart/related body apart: https://datatracker.ietf.org/doc/html/rfc2046#section-5.1 */
export function readParts(contentType: string, body: Buffer): Part[] {
  const boundary = /^multipart\/related; ?boundary="?([^";]+)"?$/.exec(contentType)?.[1];
  demand(boundary !== undefined, 400, "badContent", `Bad content type: ${contentType}`);
  demand(boundary.length <= 70, 400, "badContent", "the boundary is too long");
  const border = Buffer.from(`\r\n--${boundary}`);
  const whole = Buffer.concat([Buffer.from("\r\n"), body]);
  demand(whole.indexOf(border) === 0, 400, "badContent", "the body does not begin with its boundary");
  const parts: Part[] = [];
  for (let at = 0; ; ) {
    const start = at + border.length;
    if (whole.subarray(start, start + 2).toString() === "--") return parts;
    demand(whole.subarray(start, start + 2).toString() === "\r\n", 400, "badContent", "no line end after a boundary");
    const next = whole.indexOf(border, start);
    const headEnd = whole.indexOf("\r\n\r\n", start);
    demand(next > 0 && headEnd > 0 && headEnd < next, 400, "badContent", "a part does not end");
    const head = whole.subarray(start + 2, headEnd).toString();
    parts.push({ type: /^content-type: *(.*)$/im.exec(head)?.[1] ?? "", content: whole.subarray(headEnd + 4, next) });
    at = next;
  }
}
