import type { IncomingMessage } from "node:http";
import type { S3Request } from "./request.ts";

/** One request and how it was answered, as tests read it. */
export interface S3Exchange {
  /** When it came: milliseconds of `performance.now()`. */
  readonly at: number;
  /** What was asked; undefined when it could not be read. */
  readonly request: S3Request | undefined;
  /** How many requests were in flight, this one included. */
  readonly inFlight: number;
  /** 0 while it is not answered, and where the connection was cut. */
  readonly status: number;
  /** The error's: "SlowDown". */
  readonly code: string | undefined;
  /** The headers' names as they were written. */
  readonly rawHeaders: readonly string[];
}

/** An exchange that is under way. */
export type OpenExchange = { -readonly [K in keyof S3Exchange]: S3Exchange[K] };

/** Begins an exchange. */
export function openExchange(message: IncomingMessage, inFlight: number): OpenExchange {
  const { rawHeaders } = message;
  return { at: performance.now(), request: undefined, inFlight, status: 0, code: undefined, rawHeaders };
}

/** A line for people: "PutObject site/index.html 200". */
export function lineOf({ request, status, code = "" }: S3Exchange): string {
  return `${request?.operation ?? "?"} ${request?.bucket}/${request?.key} ${status} ${code}`.trimEnd();
}
