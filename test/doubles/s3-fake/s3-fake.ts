import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import { type Content, readBody } from "./body.ts";
import { S3FakeBucket } from "./bucket.ts";
import { lineOf, type OpenExchange, openExchange, type S3Exchange } from "./exchange.ts";
import { demand, S3Fault } from "./fault.ts";
import { LimitKeeper } from "./limits.ts";
import { type Buckets, carryOut, createBucket, findBucket } from "./operations.ts";
import type { S3Fake, S3FakeOptions } from "./options.ts";
import { actionsOf } from "./policy.ts";
import { checkRegion } from "./region.ts";
import { readRequest, type S3Request, withConditions } from "./request.ts";
import { assumeRole } from "./roles.ts";
import { answerOf, send, sendHalf } from "./send.ts";
import { checkSignature, type S3Credentials } from "./signature.ts";

const KEYS: S3Credentials = { accessKeyId: "AKIAFAKE", secretAccessKey: "secret/of+the=fake" };
const WRITES = ["PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject"];

/** Starts a strict S3 on a free port of 127.0.0.1, in this process. */
export async function startS3Fake(options: S3FakeOptions = {}): Promise<S3Fake> {
  const { buckets: named = { site: "us-east-1" }, now = Date.now, latencyMs = 0 } = options;
  const region = Object.values(named)[0] ?? "us-east-1";
  const all = new Map(Object.entries(named).map(([name, where]) => [name, new S3FakeBucket(name, where)]));
  const credentials = new Map([[KEYS.accessKeyId, KEYS]]);
  const forbidden = new Set<string>();
  const undeletable = new Map<string, S3Fault>();
  const buckets: Buckets = { all, undeletable, region };
  const limits = new LimitKeeper(options);
  const exchanges: S3Exchange[] = [];
  const domains = { endpoint: "s3.localhost", custom: options.customDomains ?? {} };

  async function answer(message: IncomingMessage, exchange: OpenExchange): Promise<Answer | { half: Answer } | "cut"> {
    const whole = readRequest(message, domains);
    exchange.request = whole;
    limits.enter();
    const trouble = fake.trouble(whole);
    if (trouble instanceof S3Fault) throw trouble;
    if (trouble && "cut" in trouble && trouble.cut === "request") return "cut";
    if (latencyMs > 0) await delay(latencyMs);
    if (trouble && "after" in trouble) await trouble.after;
    const done = await carryOutRequest(message, whole);
    return trouble && "cut" in trouble ? { half: done } : done;
  }

  async function carryOutRequest(message: IncomingMessage, request: S3Request): Promise<Answer> {
    const { operation, key } = request;
    if (operation === "AssumeRole") return await giveRole(message);
    const isRefused = options.addressing === "virtual-host" && request.addressing === "path";
    demand(
      !isRefused,
      403,
      "SecondLevelDomainForbidden",
      "The bucket you are attempting to access must be addressed using the third level domain.",
    );
    const signed = options.signatures === "ignored" ? undefined : checkSignature(request, credentials, now()).region;
    const content = await readBody(message, request, options.awsChunked);
    if (operation === "CreateBucket") return createBucket(buckets, request.bucket);
    const bucket = findBucket(buckets, request.bucket);
    if (signed !== undefined) checkRegion(bucket, signed, options.wrongRegion);
    const may = (action: string) => !forbidden.has(action);
    demand(actionsOf(request).every(may), 403, "AccessDenied", "Access Denied");
    demand(Buffer.byteLength(key) <= 1024, 400, "KeyTooLongError", "Your key is too long");
    if (WRITES.includes(operation)) limits.write(`${bucket.name}/${key}`);
    return carryOut(
      operation,
      { request: withConditions(request, options.conditions), bucket, content, now: now(), may, etagOf },
      buckets,
    );
  }

  async function giveRole(message: IncomingMessage): Promise<Answer> {
    const form = Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>)).toString();
    const given = assumeRole(new URLSearchParams(form), now(), 3_600);
    credentials.set(given.signer.accessKeyId, given.signer);
    return given.answer;
  }

  function etagOf({ md5 }: Content): string {
    if (options.etags === "upper-case") return md5.toUpperCase();
    return options.etags === "opaque" ? [...md5].reverse().join("") : md5;
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = openExchange(message, limits.inFlight.now + 1);
    exchanges.push(exchange);
    try {
      const outcome = await answer(message, exchange);
      if (outcome === "cut") return void message.socket.destroy();
      if ("half" in outcome) return sendHalf(response, outcome.half);
      exchange.status = outcome.status;
      send(response, outcome, message.method ?? "");
    } catch (error) {
      if (!(error instanceof S3Fault)) throw error;
      exchange.status = error.status;
      exchange.code = error.code;
      send(response, answerOf(error), message.method ?? "");
    } finally {
      if (exchange.request !== undefined) limits.leave();
    }
  }

  // What breaks off in mid-request is the client's affair; anything else is a fault of the fake, and ends the test.
  const server = createServer((message, response) => {
    if (options.now !== undefined) response.setHeader("date", new Date(now()).toUTCString());
    serve(message, response).catch((error: unknown) => {
      if (!message.destroyed) throw error;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const fake: S3Fake = {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    region,
    ...KEYS,
    buckets: all,
    credentials,
    exchanges,
    get peak() {
      return limits.inFlight.peak;
    },
    forbidden,
    undeletable,
    trouble: () => undefined,
    log: () => exchanges.map(lineOf).join("\n"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return fake;
}
