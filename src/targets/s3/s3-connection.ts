import { hash } from "node:crypto";
import type { Ctx } from "../../core/context.ts";
import { type Answer, type HttpLine, openHttpLine } from "../../lib/http-line.ts";
import type { KeySource } from "./bucket-lookup.ts";
import { type Deed, s3Error, type Where } from "./s3-error.ts";
import { type Cure, cureOf, failureOfAnswer, type S3Failure } from "./s3-failure.ts";
import { openSession, type Signed } from "./s3-session.ts";
import type { S3Settings } from "./s3-settings.ts";
import { EMPTY_SHA256, encodeKey, encodeQuery, signV4 } from "./sign-v4.ts";
import { unansweredError } from "./unanswered-error.ts";

/** A request on one object, or on the bucket where it has no key. */
export interface S3Request {
  readonly deed: Deed;
  readonly method: "PUT" | "POST" | "GET" | "HEAD" | "DELETE";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** What became of a request; a failure with the error it makes where nobody knows better. */
export type Outcome = { readonly answer: Answer } | { readonly failure: S3Failure; readonly error: Error };

/** A bucket that is spoken to. */
export interface S3Connection {
  readonly settings: S3Settings;
  /** "s3://www-example" */
  readonly place: string;
  /** Sends a request and gives its answer, where that is a success; throws a SmartsyncError for every other. */
  request(request: S3Request, ctx: Ctx): Promise<Answer>;
  /** The same, but gives what the store said when it said no. */
  ask(request: S3Request, ctx: Ctx): Promise<Outcome>;
  /** Where requests go now, for `doctor`. */
  describe(): string;
  close(): void;
}

/** What `connectS3` needs besides the settings. */
export interface ConnectOptions {
  /** The target's name, for warnings. */
  readonly name: string;
  readonly profile?: string;
  keys(line: HttpLine): KeySource | undefined;
}

/**
 * Opens a bucket; nothing is sent yet. Failures that can be put right are, once for each request: expired keys are
 * asked for anew, a skewed clock is corrected by the server's, a wrong region is exchanged for the one the store names.
 */
export async function connectS3(settings: S3Settings, options: ConnectOptions): Promise<S3Connection> {
  const { bucket } = settings;
  const place = `s3://${bucket}`;
  const line = openHttpLine(settings.connections, settings.timeoutMs);
  const session = await openSession(settings, { ...options, keys: options.keys(line) });

  function send({ method, key, query, headers, body }: S3Request, by: Signed, signal: AbortSignal) {
    const { address } = session;
    const path = `${address.base}/${key === undefined ? "" : encodeKey(key)}`;
    const asked = query === undefined ? "" : encodeQuery(query);
    // Of what is really sent, so that the store notices every byte that arrives as another.
    const payloadHash = body === undefined ? EMPTY_SHA256 : hash("sha256", body, "hex");
    const unsigned: Record<string, string> = { host: address.host, ...headers };
    if (body !== undefined) unsigned["content-length"] = String(body.length);
    const signed = signV4(
      { method, path, query: asked, headers: unsigned, payloadHash },
      { service: "s3", region: by.region, keys: by.keys, nowMs: Date.now() + by.skewMs },
    );
    const request = { method, path: asked === "" ? path : `${path}?${asked}`, headers: signed };
    return line.send(address, body === undefined ? request : { ...request, body }, signal);
  }

  function whereOf(deed: Deed, key: string | undefined): Where {
    const onBucket = deed.action.startsWith("s3:List");
    return {
      deed,
      what: key === undefined ? place : `${place}/${key}`,
      bucket,
      resource: `arn:aws:s3:::${bucket}${onBucket ? "" : "/*"}`,
      region: session.region,
    };
  }

  /** Sends it again after each kind of failure that could be put right, once; gives the last failure. */
  async function ask(request: S3Request, ctx: Ctx): Promise<Outcome> {
    const where = whereOf(request.deed, request.key);
    const tried = new Set<Cure>();
    try {
      for (;;) {
        const by = await session.current();
        const answer = await send(request, by, ctx.signal);
        if (isSuccess(request, answer)) return { answer };
        const failure = failureOfAnswer(answer);
        const cure = cureOf(failure);
        if (cure === undefined || tried.has(cure) || !(await session.mend(cure, failure, by, ctx))) {
          return { failure, error: s3Error(failure, { ...where, region: by.region }) };
        }
        tried.add(cure);
      }
    } catch (cause) {
      throw unansweredError(cause, session.address.host, where);
    }
  }

  return {
    settings,
    place,
    ask,
    async request(request, ctx) {
      const outcome = await ask(request, ctx);
      if ("error" in outcome) throw outcome.error;
      return outcome.answer;
    },
    describe: () => `${session.address.protocol}//${session.address.host}${session.address.base}, ${session.region}`,
    close() {
      line.close();
    },
  };
}

/** Some writes are answered with success at once, and with what became of them in the body. */
function isSuccess({ method }: S3Request, { status, body }: Answer): boolean {
  if (status < 200 || status > 299) return false;
  if (method === "GET" || body.length === 0) return true;
  // DeleteObjects reports what it could not delete in a list of its own.
  const start = body.subarray(0, 512).toString();
  return !/<Error[\s>]/.test(start) || /<DeleteResult[\s>]/.test(start);
}
