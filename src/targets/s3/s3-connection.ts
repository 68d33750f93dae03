import { hash } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Ctx } from "../../core/context.ts";
import { type Answer, type HttpLine, openHttpLine } from "../../lib/http-line.ts";
import type { KeySource } from "./credentials.ts";
import { type Deed, s3Error, type Where } from "./s3-error.ts";
import { type Cure, cureOf, failureOfAnswer, failureOfSdk, type S3Failure } from "./s3-failure.ts";
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

/** A bucket that is spoken to: by lean requests of our own on its objects, by the SDK for lists. */
export interface S3Connection {
  readonly settings: S3Settings;
  /** "s3://www-example" */
  readonly place: string;
  /** Sends a request and gives its answer, where that is a success; throws a SmartsyncError for every other. */
  request(request: S3Request, ctx: Ctx): Promise<Answer>;
  /** The same, but gives what the store said when it said no. */
  ask(request: S3Request, ctx: Ctx): Promise<Outcome>;
  /** Has the SDK do something below a prefix, with the same keys, region and connections. */
  viaSdk<T>(deed: Deed, prefix: string, call: SdkCall<T>, ctx: Ctx): Promise<T>;
  /** Where requests go now, for `doctor`. */
  describe(): string;
  close(): void;
}

/** A call of the SDK, and the bucket as its commands want it. */
export type SdkCall<T> = (client: S3Client, options: { Bucket: string; abortSignal: AbortSignal }) => Promise<T>;

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
  const line = openHttpLine(settings.concurrency, settings.timeoutMs);
  const session = await openSession(settings, { ...options, keys: options.keys(line), line });

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

  /** Does the work again after each kind of failure that could be put right, once; gives the last failure. */
  async function withCures<T>(
    where: Where,
    work: (by: Signed) => Promise<{ done: T } | S3Failure>,
    ctx: Ctx,
  ): Promise<{ done: T } | { failure: S3Failure; error: Error }> {
    const tried = new Set<Cure>();
    try {
      for (;;) {
        const by = await session.current();
        const outcome = await work(by);
        if ("done" in outcome) return outcome;
        const cure = cureOf(outcome);
        if (cure === undefined || tried.has(cure) || !(await session.mend(cure, outcome, by, ctx))) {
          return { failure: outcome, error: s3Error(outcome, { ...where, region: by.region }) };
        }
        tried.add(cure);
      }
    } catch (cause) {
      throw unansweredError(cause, session.address.host, where);
    }
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

  async function ask(request: S3Request, ctx: Ctx): Promise<Outcome> {
    const work = async (by: Signed) => {
      const answer = await send(request, by, ctx.signal);
      return isSuccess(request, answer) ? { done: answer } : failureOfAnswer(answer);
    };
    const outcome = await withCures(whereOf(request.deed, request.key), work, ctx);
    return "done" in outcome ? { answer: outcome.done } : outcome;
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
    async viaSdk(deed, prefix, call, ctx) {
      const Bucket = settings.bucketEndpoint && settings.endpoint !== undefined ? settings.endpoint : bucket;
      const work = async () => {
        try {
          return { done: await call(session.client, { Bucket, abortSignal: ctx.signal }) };
        } catch (error) {
          const failure = failureOfSdk(error);
          if (failure === undefined) throw error;
          return failure;
        }
      };
      const outcome = await withCures(whereOf(deed, prefix === "" ? undefined : prefix), work, ctx);
      if ("error" in outcome) throw outcome.error;
      return outcome.done;
    },
    describe: () => `${session.address.protocol}//${session.address.host}${session.address.base}, ${session.region}`,
    close() {
      session.client.destroy();
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
