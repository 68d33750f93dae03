import { demand, GcsFault } from "./fault.ts";
import { selectFields } from "./fields.ts";
import { readParts } from "./multipart-related.ts";
import {
  checkConditions,
  type FakeBucket,
  type FakeObject,
  hashesOf,
  nextGeneration,
  patched,
  readWish,
  resourceOf,
  type Wish,
} from "./objects.ts";
import type { GcsFakeRequest } from "./request.ts";
import type { createSessions } from "./sessions.ts";

/** What is sent back. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** An upload that was begun: what its object is to be. */
export interface Begun {
  readonly request: GcsFakeRequest;
  readonly wish: Wish;
}

/** What the operations work on, and how the service behaves. */
export interface FakeService {
  readonly buckets: Map<string, FakeBucket>;
  readonly sessions: ReturnType<typeof createSessions<Begun>>;
  /** What uploads that are complete are answered with, by their ids: also to those who ask again. */
  readonly finished: Map<string, FakeAnswer>;
  /** Refuses a second change of an object within a second. */
  readonly oneWritePerSecond: boolean;
  /** A rewrite takes a request for each of so many bytes. */
  readonly rewriteBytes: number;
  /** Throws a fault where the account may not. */
  demandPermission(name: string): void;
  readonly denied: ReadonlySet<string>;
}

type Handler = (
  service: FakeService,
  bucket: FakeBucket,
  request: GcsFakeRequest,
  body: Buffer,
  isCut: boolean,
) => FakeAnswer;

/** Carries out a request. */
export function operate(service: FakeService, request: GcsFakeRequest, body: Buffer, isCut: boolean): FakeAnswer {
  const bucket = service.buckets.get(request.bucket);
  demand(bucket !== undefined, 404, "notFound", "The specified bucket does not exist.");
  const handlers: Record<GcsFakeRequest["operation"], Handler> = {
    insert,
    begin,
    chunk,
    cancel,
    list,
    get,
    media,
    patch,
    delete: remove,
    rewrite,
    testPermissions,
  };
  return handlers[request.operation](service, bucket, request, body, isCut);
}

const insert: Handler = (service, bucket, request, body) => {
  const [about, content, ...more] = readParts(request.headers["content-type"] ?? "", body);
  demand(about !== undefined && content !== undefined && more.length === 0, 400, "badContent", "not two parts");
  demand(about.type.startsWith("application/json"), 400, "badContent", "the first part is not JSON");
  const { md5Hash, ...wish } = readWish(about.content.toString());
  if (md5Hash !== undefined) {
    const found = hashesOf(content.content).md5Hash;
    demand(
      md5Hash === found,
      400,
      "invalid",
      `Provided MD5 hash "${md5Hash}" doesn't match calculated MD5 hash "${found}".`,
    );
  }
  return told(store(service, bucket, request, wish, content.content), request);
};

const begin: Handler = (service, _, request, body) => {
  service.demandPermission("storage.objects.create");
  const id = service.sessions.begin({ request, wish: readWish(body.toString()) });
  const location = `http://${request.headers.host}/upload/storage/v1/b/${request.bucket}/o?uploadType=resumable&upload_id=${id}`;
  return { status: 200, headers: { location } };
};

const chunk: Handler = (service, bucket, { query, headers }, body, isCut) => {
  const id = query.get("upload_id") ?? "";
  const finished = service.finished.get(id);
  if (finished) return finished;
  const progress = service.sessions.take(id, headers, body, isCut);
  if (progress.state === "incomplete") {
    return { status: 308, headers: progress.held > 0 ? { range: `bytes=0-${progress.held - 1}` } : {} };
  }
  const { request, wish } = progress.about;
  const answer = told(store(service, bucket, request, wish, progress.content), request);
  service.finished.set(id, answer);
  return answer;
};

const cancel: Handler = (service, _, { query }) => {
  service.sessions.cancel(query.get("upload_id"));
  return { status: 499 };
};

const list: Handler = (service, bucket, { query }) => {
  service.demandPermission("storage.objects.list");
  const at = (name: string) => query.get(name) ?? "";
  const isBelow = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  const start = at("pageToken") ? Buffer.from(at("pageToken"), "base64").toString() : at("startOffset");
  const found = [...bucket.values()]
    .filter(({ name }) => name.startsWith(at("prefix")) && !isBelow(name, start))
    .filter(({ name }) => at("endOffset") === "" || isBelow(name, at("endOffset")))
    .sort((a, b) => (isBelow(a.name, b.name) ? -1 : 1));
  const most = Math.min(Number(query.get("maxResults") ?? 1_000), 1_000);
  const next = found[most];
  const page = {
    ...(next && { nextPageToken: Buffer.from(next.name).toString("base64") }),
    ...(found.length > 0 && { items: found.slice(0, most).map(resourceOf) }),
  };
  return { status: 200, body: JSON.stringify(selectFields(page, query.get("fields"))) };
};

const get: Handler = (service, bucket, request) => {
  service.demandPermission("storage.objects.get");
  return told(find(bucket, request), request);
};

const media: Handler = (service, bucket, request) => {
  service.demandPermission("storage.objects.get");
  const { content, generation, metageneration, served } = find(bucket, request);
  const packed = served.contentEncoding === "gzip";
  // "Decompressive transcoding": the fake does not unpack, it refuses, so that nobody relies on it.
  demand(!packed || /\bgzip\b/.test(request.headers["accept-encoding"] ?? ""), 400, "transcoded", "would be unpacked");
  const headers = {
    "x-goog-generation": `${generation}`,
    "x-goog-metageneration": `${metageneration}`,
    ...(packed && { "content-encoding": "gzip" }),
  };
  return { status: 200, headers, body: content };
};

const patch: Handler = (service, bucket, request, body) => {
  service.demandPermission("storage.objects.update");
  const object = find(bucket, request);
  checkConditions(object, request.query);
  const changed = patched(object, body.toString());
  bucket.set(object.name, changed);
  return told(changed, request);
};

const remove: Handler = (service, bucket, request) => {
  service.demandPermission("storage.objects.delete");
  const object = find(bucket, request);
  checkConditions(object, request.query);
  bucket.delete(object.name);
  return { status: 204 };
};

const rewrite: Handler = (service, bucket, request, body) => {
  service.demandPermission("storage.objects.get");
  const { query } = request;
  const original = find(bucket, request);
  checkConditions(original, query, "Source");
  const size = original.content.length;
  const before = Number(query.get("rewriteToken") ?? 0);
  if (before + service.rewriteBytes < size) {
    const rewriteToken = `${before + service.rewriteBytes}`;
    return { status: 200, body: JSON.stringify({ done: false, objectSize: `${size}`, rewriteToken }) };
  }
  const wish = body.length === 0 ? original : readWish(body.toString());
  const object = store(
    service,
    bucket,
    { ...request, key: request.to },
    { ...wish, name: request.to },
    original.content,
  );
  const whole = { done: true, objectSize: `${size}`, totalBytesRewritten: `${size}`, resource: resourceOf(object) };
  return { status: 200, body: JSON.stringify(selectFields(whole, query.get("fields"))) };
};

const testPermissions: Handler = ({ denied }, _bucket, { query }) => {
  const permissions = query.getAll("permissions").filter((name) => !denied.has(name));
  return { status: 200, body: JSON.stringify({ kind: "storage#testIamPermissionsResponse", permissions }) };
};

function find(bucket: FakeBucket, request: GcsFakeRequest): FakeObject {
  const object = bucket.get(request.key);
  demand(object !== undefined, 404, "notFound", `No such object: ${request.bucket}/${request.key}`);
  return object;
}

function told(object: FakeObject, { query }: GcsFakeRequest): FakeAnswer {
  return { status: 200, body: JSON.stringify(selectFields(resourceOf(object), query.get("fields"))) };
}

function store(
  service: FakeService,
  bucket: FakeBucket,
  { query }: GcsFakeRequest,
  { name = query.get("name") ?? "", served, metadata, storageClass = "STANDARD" }: Wish,
  content: Buffer,
): FakeObject {
  demand(name !== "" && Buffer.byteLength(name) <= 1_024, 400, "invalid", "The specified object name is not valid.");
  const old = bucket.get(name);
  service.demandPermission("storage.objects.create");
  if (old) service.demandPermission("storage.objects.delete");
  checkConditions(old, query);
  if (service.oneWritePerSecond && old && Date.now() - old.updated < 1_000) {
    const message = `The object ${name} exceeded the rate limit for object mutation operations (create, update, and delete).`;
    throw new GcsFault(429, "rateLimitExceeded", message);
  }
  const acl = query.get("predefinedAcl") ?? query.get("destinationPredefinedAcl");
  const kmsKeyName = query.get("kmsKeyName") ?? query.get("destinationKmsKeyName");
  const object: FakeObject = {
    ...{
      name,
      content: Buffer.from(content),
      hashes: hashesOf(content),
      generation: nextGeneration(),
      metageneration: 1,
      updated: Date.now(),
    },
    ...{ served, metadata, storageClass, ...(acl && { acl }), ...(kmsKeyName && { kmsKeyName }) },
  };
  bucket.set(name, object);
  return object;
}
