import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/**
 * A bucket that costs next to nothing, so that it is never what a bench waits for: S3's API without a look at
 * signatures, in memory. Big parts are counted and thrown away. Run as `node sink-server.ts <address> <port> <ms>`;
 * answers each request so many milliseconds late, and writes "ready" when it listens. `GET /-/held?prefix=…` gives the key, MD5 and size of every object, as JSON.
 */

interface Stored {
  readonly content: Buffer | undefined;
  readonly size: number;
  readonly etag: string;
  /** ISO 8601. */
  readonly modified: string;
}

/** Parts from this size on are thrown away. */
const FORGET_FROM = 1 << 20;
const PAGE = 1000;

const objects = new Map<string, Stored>();
const uploads = new Map<string, Map<number, Stored>>();
/** The keys in order; worked out again when one was added or removed. */
let sorted: string[] | undefined;

const [address = "127.0.0.1", port = "9000", lateMs = "0"] = process.argv.slice(2);
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const reply = () => answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  if (lateMs === "0") void reply();
  else setTimeout(reply, Number(lateMs));
});
server.listen(Number(port), address, 4096, () => process.stdout.write("ready\n"));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<ServerResponse> {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://sink");
  const [, bucket, ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  if (bucket === "-") return sendHeld(response, query.get("prefix") ?? "");
  if (key === "" && request.method === "GET") return list(response, query);
  if (key === "" && request.method === "POST") return removeMany(request, response);
  const upload = query.get("uploadId");
  switch (request.method) {
    case "PUT":
      if (upload !== null) return putPart(request, response, upload, Number(query.get("partNumber")));
      return put(request, response, key);
    case "POST":
      return upload === null ? createUpload(response) : completeUpload(response, key, upload);
    case "DELETE":
      if (upload !== null) uploads.delete(upload);
      else forget(key);
      return response.writeHead(204).end();
    default:
      return read(request, response, key);
  }
}

async function put(request: IncomingMessage, response: ServerResponse, key: string): Promise<ServerResponse> {
  const source = request.headers["x-amz-copy-source"];
  if (typeof source === "string") {
    const from = decodeURIComponent(source).replace(/^\/?[^/]+\//, "");
    const original = objects.get(from);
    request.resume();
    if (original === undefined) return fail(response, 404, "NoSuchKey");
    store(key, original);
    return sendXml(response, `<CopyObjectResult><ETag>"${original.etag}"</ETag></CopyObjectResult>`);
  }
  if (request.headers["if-none-match"] === "*" && objects.has(key)) {
    request.resume();
    return fail(response, 412, "PreconditionFailed");
  }
  const content = await buffer(request);
  const etag = createHash("md5").update(content).digest("hex");
  store(key, { content, size: content.length, etag, modified: now() });
  return response.writeHead(200, { etag: `"${etag}"`, "content-length": "0" }).end();
}

async function putPart(request: IncomingMessage, response: ServerResponse, upload: string, part: number) {
  const length = Number(request.headers["content-length"]);
  const stored =
    length >= FORGET_FROM
      ? { content: undefined, size: await drain(request), etag: randomBytes(16).toString("hex"), modified: now() }
      : await buffer(request).then((content) => ({
          content,
          size: content.length,
          etag: createHash("md5").update(content).digest("hex"),
          modified: now(),
        }));
  const parts = uploads.get(upload);
  if (parts === undefined) return fail(response, 404, "NoSuchUpload");
  parts.set(part, stored);
  return response.writeHead(200, { etag: `"${stored.etag}"`, "content-length": "0" }).end();
}

function createUpload(response: ServerResponse): ServerResponse {
  const id = randomBytes(12).toString("hex");
  uploads.set(id, new Map());
  return sendXml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
}

function completeUpload(response: ServerResponse, key: string, upload: string): ServerResponse {
  const parts = uploads.get(upload);
  if (parts === undefined) return fail(response, 404, "NoSuchUpload");
  uploads.delete(upload);
  const all = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
  const whole = all.every(({ content }) => content !== undefined);
  const content = whole ? Buffer.concat(all.flatMap(({ content: part }) => part ?? [])) : undefined;
  const etag = `${randomBytes(16).toString("hex")}-${all.length}`;
  store(key, { content, size: all.reduce((sum, { size }) => sum + size, 0), etag, modified: now() });
  return sendXml(response, `<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`);
}

function read(request: IncomingMessage, response: ServerResponse, key: string): ServerResponse {
  const found = objects.get(key);
  if (found === undefined) return fail(response, 404, "NoSuchKey");
  response.writeHead(200, { etag: `"${found.etag}"`, "content-length": found.size });
  return response.end(request.method === "HEAD" ? undefined : found.content);
}

function list(response: ServerResponse, query: URLSearchParams): ServerResponse {
  if (query.has("uploads")) return sendXml(response, "<ListMultipartUploadsResult></ListMultipartUploadsResult>");
  const prefix = query.get("prefix") ?? "";
  const after = readToken(query.get("continuation-token")) ?? query.get("start-after") ?? query.get("marker") ?? "";
  const encode = query.get("encoding-type") === "url" ? encodeURIComponent : (key: string) => key;
  sorted ??= [...objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const begin = sorted.findIndex(
    (key) => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
  );
  const page: string[] = [];
  let at = begin === -1 ? sorted.length : begin;
  while (page.length < PAGE && sorted[at]?.startsWith(prefix)) page.push(sorted[at++] ?? "");
  const more = sorted[at]?.startsWith(prefix) ?? false;
  const contents = page.map((key) => {
    const { size = 0, etag = "", modified = "" } = objects.get(key) ?? {};
    const date = `<LastModified>${modified}</LastModified>`;
    return `<Contents><Key>${encode(key)}</Key>${date}<ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size></Contents>`;
  });
  const last = page.at(-1) ?? "";
  // rclone asks by ListObjects, the others by ListObjectsV2.
  const [name, marker] = query.has("list-type")
    ? ["NextContinuationToken", makeToken(last)]
    : ["NextMarker", encode(last)];
  const next = more ? `<${name}>${marker}</${name}>` : "";
  const about = `<KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated><EncodingType>url</EncodingType>`;
  return sendXml(response, `<ListBucketResult>${about}${next}${contents.join("")}</ListBucketResult>`);
}

function makeToken(key: string): string {
  return Buffer.from(key).toString("base64url");
}

function readToken(token: string | null): string | undefined {
  return token === null ? undefined : Buffer.from(token, "base64url").toString();
}

async function removeMany(request: IncomingMessage, response: ServerResponse): Promise<ServerResponse> {
  const body = (await buffer(request)).toString();
  for (const [, key = ""] of body.matchAll(/<Key>([^<]*)<\/Key>/g)) forget(unescapeXml(key));
  return sendXml(response, "<DeleteResult></DeleteResult>");
}

function store(key: string, object: Stored): void {
  if (!objects.has(key)) sorted = undefined;
  objects.set(key, object);
}

function now(): string {
  return new Date().toISOString();
}

function forget(key: string): void {
  if (objects.delete(key)) sorted = undefined;
}

function sendHeld(response: ServerResponse, prefix: string): ServerResponse {
  const held = [...objects].filter(([key]) => key.startsWith(prefix)).map(([key, { etag, size }]) => [key, etag, size]);
  return response.end(JSON.stringify(held));
}

function sendXml(response: ServerResponse, xml: string): ServerResponse {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
  return response.writeHead(200, { "content-type": "application/xml", "content-length": body.length }).end(body);
}

function fail(response: ServerResponse, status: number, code: string): ServerResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return response.writeHead(status, { "content-type": "application/xml", "content-length": body.length }).end(body);
}

async function drain(request: IncomingMessage): Promise<number> {
  let size = 0;
  for await (const chunk of request) size += (chunk as Buffer).length;
  return size;
}

function unescapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(\w+);/g, (_, name: string) => entities[name] ?? "");
}
