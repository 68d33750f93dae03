import type { WrongAddress } from "../../core/purge-result.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Page } from "./fetch-page.ts";
import type { Look, Wanted } from "./pick-urls.ts";

/** Something wrong with an address. */
export interface Finding extends WrongAddress {
  /** Why there was no answer at all; absent when the answer was wrong. */
  readonly error?: SmartsyncError;
}

/** What came of an address, or why nothing did. */
export interface Answers {
  readonly edge: Page | SmartsyncError;
  /** Of the server behind the CDN, where that is asked too. */
  readonly origin?: Page | SmartsyncError | undefined;
}

/** What a server may answer for a file that is gone; 403 is S3's where nobody may list the bucket. */
const GONE = [404, 410, 403];

/**
 * What is wrong at an address, of the edge and the origin apart; nothing when both gave what is wanted, and the edge
 * these headers as the origin did.
 */
export function judgeAnswers({ url, wanted }: Look, { edge, origin }: Answers, headers: readonly string[]): Finding[] {
  const behind = origin && judge(wanted, origin);
  const before = judge(wanted, edge) ?? (behind === undefined ? compare(wanted, edge, origin, headers) : undefined);
  return [
    ...(before === undefined ? [] : [{ url: url.href, where: "edge" as const, ...before }]),
    ...(behind === undefined ? [] : [{ url: url.href, where: "origin" as const, ...behind }]),
  ];
}

type Fault = Pick<Finding, "why" | "error">;

function judge(wanted: Wanted, page: Page | SmartsyncError): Fault | undefined {
  if (page instanceof SmartsyncError) return { why: page.message, error: page };
  const { status, content } = page;
  if (wanted === "gone") return GONE.includes(status) ? undefined : { why: `${statusText(page)} instead of 404` };
  if (status !== 200) return { why: `${statusText(page)} instead of 200` };
  if (content === "too-large") return undefined;
  if (content === "endless") return { why: "its content has no end" };
  if (content === "undecodable") {
    return {
      why: `its content is not what its Content-Encoding says: ${shorten(page.headers["content-encoding"] ?? "")}`,
    };
  }
  if (typeof wanted === "string" || content.includes(wanted.sha256)) return undefined;
  return { why: "other content than was delivered" };
}

/** How an edge that is right by itself differs from an origin that is. */
function compare(
  wanted: Wanted,
  edge: Page | SmartsyncError,
  origin: Page | SmartsyncError | undefined,
  headers: readonly string[],
): Fault | undefined {
  if (edge instanceof SmartsyncError || origin === undefined || origin instanceof SmartsyncError) return undefined;
  if (wanted === "gone") return undefined;
  if (wanted === "as-origin" && !isSameContent(edge, origin)) return { why: "other content than the origin gives" };
  const other = headers.find((name) => headerOf(edge, name) !== headerOf(origin, name));
  if (other === undefined) return undefined;
  return { why: `${shorten(headerOf(edge, other))} instead of ${shorten(headerOf(origin, other))}` };
}

function isSameContent({ content: one }: Page, { content: other }: Page): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.some((hash) => other.includes(hash));
}

/** "cache-control: no-cache", or "no cache-control". */
function headerOf({ headers }: Page, name: string): string {
  const value = headers[name];
  return value === undefined ? `no ${name}` : `${name}: ${[value].flat().join(", ")}`;
}

/** "404", or "301 to https://www.example.jp/". */
function statusText({ status, headers: { location } }: Page): string {
  return location === undefined ? `${status}` : `${status} to ${shorten(location)}`;
}

const LONGEST = 200;

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
