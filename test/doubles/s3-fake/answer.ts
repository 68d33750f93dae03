import { randomUUID } from "node:crypto";
import type { Content } from "./body.ts";
import type { S3FakeBucket } from "./bucket.ts";
import type { S3Request } from "./request.ts";
import { toXml, type Xml } from "./xml.ts";

/** How a request is answered. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | string;
}

/** What a request is carried out with. */
export interface Call {
  readonly request: S3Request;
  readonly bucket: S3FakeBucket;
  readonly content: Content;
  /** By the fake's clock, milliseconds since the epoch. */
  readonly now: number;
  /** Whether this signer may do an action of IAM's ("s3:DeleteObject"). */
  may(action: string): boolean;
  /** The etag of an object put in one piece. */
  etagOf(content: Content): string;
}

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** An XML document as an answer. */
export function documentOf(name: string, content: Xml): Answer {
  const text = toXml({ [name]: content }).replace(`<${name}>`, `<${name} xmlns="${NAMESPACE}">`);
  return { status: 200, headers: { "content-type": "application/xml" }, body: text };
}

/** A fresh opaque name: of a request, of an upload. */
export function freshId(): string {
  return randomUUID().replaceAll("-", "");
}
