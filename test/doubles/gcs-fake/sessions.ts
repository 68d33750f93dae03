import { randomUUID } from "node:crypto";
import { demand } from "./fault.ts";
import { hashesOf } from "./objects.ts";

/** An upload that is not complete. */
export interface Session<About> {
  readonly id: string;
  readonly about: About;
  readonly pieces: Buffer[];
  held: number;
}

/** What a chunk made of an upload. */
export type Progress<About> =
  | { readonly state: "incomplete"; readonly held: number }
  | { readonly state: "complete"; readonly about: About; readonly content: Buffer };

const UNIT = 256 * 1024;

/** The uploads that go on: https://cloud.google.com/storage/docs/performing-resumable-uploads */
export function createSessions<About>() {
  const open = new Map<string, Session<About>>();

  function find(id: string | null): Session<About> {
    const session = open.get(id ?? "");
    demand(session !== undefined, 404, "notFound", "Not Found");
    return session;
  }

  return {
    open,
    begin(about: About): string {
      const id = randomUUID();
      open.set(id, { id, about, pieces: [], held: 0 });
      return id;
    },
    cancel(id: string | null): void {
      open.delete(find(id).id);
    },
    /** Takes what a request brought; `isCut` when it broke off, of which whole units are kept. */
    take(id: string | null, headers: Readonly<Record<string, string>>, body: Buffer, isCut: boolean): Progress<About> {
      const session = find(id);
      const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
      demand(range !== null, 400, "badRequest", `Failed to parse Content-Range: ${headers["content-range"]}`);
      const [, first, last, total] = range;
      const whole = total === "*" ? undefined : Number(total);
      if (first !== undefined) {
        demand(
          isCut || Number(last) - Number(first) + 1 === body.length,
          400,
          "badRequest",
          "not as long as its range",
        );
        demand(Number(first) <= session.held, 400, "badRequest", "a chunk begins after what is there");
        const isLast = whole === Number(last) + 1;
        demand(isCut || isLast || body.length % UNIT === 0, 400, "badRequest", "a chunk is no multiple of 256 KiB");
        const fresh = body.subarray(session.held - Number(first));
        const kept = isCut ? fresh.subarray(0, fresh.length - (fresh.length % UNIT)) : fresh;
        session.pieces.push(Buffer.from(kept));
        session.held += kept.length;
      } else demand(body.length === 0, 400, "badRequest", "a question for the state has no body");
      if (isCut || whole === undefined || session.held < whole) return { state: "incomplete", held: session.held };
      const content = Buffer.concat(session.pieces);
      const md5 = /\bmd5=([^,]+)/.exec(headers["x-goog-hash"] ?? "")?.[1];
      if (md5 !== undefined)
        demand(md5 === hashesOf(content).md5Hash, 400, "invalid", "Provided MD5 hash doesn't match");
      open.delete(session.id);
      return { state: "complete", about: session.about, content };
    },
  };
}
