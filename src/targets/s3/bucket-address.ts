import { isIP } from "node:net";
import type { HttpPlace } from "../../lib/http-line.ts";
import type { S3Settings } from "./s3-settings.ts";

/** Where a bucket's requests go. */
export interface Address extends HttpPlace {
  /** With the port: the Host header. */
  readonly host: string;
  /** What every path begins with: "" or "/bucket". */
  readonly base: string;
}

/** Buckets that can be the first part of a host's name; over TLS without a dot, which no certificate has room for. */
const IN_HOST = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const IN_PLAIN_HOST = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The address of a bucket at an endpoint of one's own: the bucket stands in the host's name, the path, or neither. */
export function addressAt(endpoint: string, { bucket, bucketEndpoint, forcePathStyle }: S3Settings): Address {
  const url = new URL(endpoint);
  if (bucketEndpoint) return addressOf(url);
  const fits = (url.protocol === "https:" ? IN_HOST : IN_PLAIN_HOST).test(bucket);
  const isNumber = isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0;
  if (forcePathStyle || isNumber || !fits) url.pathname = `${url.pathname.replace(/\/$/, "")}/${bucket}`;
  else url.hostname = `${bucket}.${url.hostname}`;
  return addressOf(url);
}

/** The address that a URL of a bucket means. */
export function addressOf({ protocol, hostname, port, host, pathname }: URL): Address {
  return { protocol, hostname, port, host, base: pathname.replace(/\/$/, "") };
}
