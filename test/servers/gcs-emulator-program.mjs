// Runs Firebase's storage emulator without its command, which needs Java for rules that the JSON API never asks.
// Before it answers what it lacks: lists of a range of keys in the order of their bytes, uploads in several chunks, and
// conditions.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { buffer } from "node:stream/consumers";

const [lib, port] = process.argv.slice(2);
const require = createRequire(`${lib}/`);
const { StorageEmulator } = require("./emulator/storage/index.js");
const { createApp } = require("./emulator/storage/server.js");
const { CloudStorageObjectMetadata } = require("./emulator/storage/metadata.js");
const { EmulatorRegistry } = require("./emulator/registry.js");

const rules = { name: "storage.rules", content: "" };
const emulator = new StorageEmulator({ projectId: "demo", host: "127.0.0.1", port: Number(port), rules });
EmulatorRegistry.set("storage", emulator);
const app = await createApp("demo", emulator);
const NOT_MET = JSON.stringify({ error: { code: 412, message: "the condition was not met" } });

/** Uploads under a condition are made one after the other: between the question and the upload nobody may come. */
let turn = Promise.resolve();

const server = createServer(async (request, response) => {
  const { method, headers } = request;
  const { pathname, searchParams } = new URL(request.url, "http://emulator");
  const bucketId = /^\/storage\/v1\/b\/([^/]+)\/o$/.exec(pathname)?.[1];
  if (method === "GET" && bucketId) return list(decodeURIComponent(bucketId), searchParams, response);
  const isMore = method === "PUT" && /^bytes .*\/\*$/.test(headers["content-range"] ?? "");
  if (isMore) return takeChunk(searchParams.get("upload_id"), await buffer(request), response);
  const answered = new Promise((resolve) => response.once("close", resolve));
  const before = turn;
  if (searchParams.has("ifGenerationMatch")) turn = turn.then(() => answered);
  if (searchParams.has("ifGenerationMatch")) await before;
  if (!isAsWanted(pathname, searchParams)) return response.writeHead(412).end(NOT_MET);
  // It knows some requests only in this form, and misspells the header that names the metageneration.
  request.url = request.url.replace(/^\/storage\/v1(?=\/b\/)/, "");
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => setHeader(name.replace(/^(x-goog-meta)data(generation)$/, "$1$2"), value);
  app(request, response);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1");

async function list(bucketId, query, response) {
  const { items = [] } = await emulator.adminStorageLayer.listObjects({
    bucketId,
    prefix: query.get("prefix") ?? "",
    maxResults: Number.MAX_SAFE_INTEGER,
  });
  const start = Buffer.from(query.get("pageToken") ?? query.get("startOffset") ?? "");
  const end = query.has("endOffset") ? Buffer.from(query.get("endOffset")) : undefined;
  const found = items
    .map((item) => ({ item, name: Buffer.from(item.name) }))
    .filter(({ name }) => name.compare(start) >= 0 && (end === undefined || name.compare(end) < 0))
    .sort((a, b) => a.name.compare(b.name));
  const most = Number(query.get("maxResults") ?? 1_000);
  const page = found.slice(0, most).map(({ item }) => new CloudStorageObjectMetadata(item));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ items: page, nextPageToken: found[most]?.item.name }));
}

function isAsWanted(pathname, query) {
  const [, bucket, key = query.get("name")] =
    /^(?:\/upload)?\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?/
      .exec(pathname)
      ?.map((part) => part && decodeURIComponent(part)) ?? [];
  if (!key) return true;
  const object = emulator.adminStorageLayer.getMetadata(bucket, key);
  const of = pathname.includes("/rewriteTo/") ? "Source" : "";
  return ["generation", "metageneration"].every((name) => {
    const wanted = query.get(`if${of}${name[0].toUpperCase()}${name.slice(1)}Match`);
    return wanted === null || wanted === `${object?.[name] ?? 0}`;
  });
}

function takeChunk(id, bytes, response) {
  const { size } = emulator.uploadService.continueResumableUpload(id, bytes);
  response.writeHead(308, size > 0 ? { range: `bytes=0-${size - 1}` } : {}).end();
}
