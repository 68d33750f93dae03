import { createHash } from "node:crypto";
import { crc32c } from "../s3-fake/crc32c.ts";
import { demand, GcsFault } from "./fault.ts";

/** How an object is served. */
const SERVED = ["contentType", "cacheControl", "contentEncoding", "contentDisposition", "contentLanguage"] as const;

/** An object of the fake. */
export interface FakeObject {
  readonly name: string;
  readonly content: Buffer;
  readonly hashes: Hashes;
  readonly generation: number;
  readonly metageneration: number;
  readonly updated: number;
  readonly served: Readonly<Partial<Record<(typeof SERVED)[number], string>>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly acl?: string;
  readonly kmsKeyName?: string;
}

/** What a request's JSON may say of an object, once read. */
export type Wish = Pick<FakeObject, "served" | "metadata"> & { readonly name?: string; readonly storageClass?: string };

/** A bucket: objects by key. */
export type FakeBucket = Map<string, FakeObject>;

let latest = 0;

/** Generations are microseconds, and each is later than the one before. */
export function nextGeneration(): number {
  latest = Math.max(latest + 1, Date.now() * 1_000);
  return latest;
}

/** Reads an object's resource as a client writes it; null is the same as absent. */
export function readWish(json: string): Wish & { readonly md5Hash?: string } {
  const given: unknown = JSON.parse(json);
  demand(typeof given === "object" && given !== null, 400, "parseError", "Parse Error");
  const texts: Record<string, string> = {};
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue;
    if (name === "metadata") metadata = textsOnly(value);
    else if (["name", "md5Hash", "storageClass", ...SERVED].includes(name) && typeof value === "string")
      texts[name] = value;
    else throw new GcsFault(400, "invalid", `Invalid value for field ${name}`);
  }
  const { name, md5Hash, storageClass, ...served } = texts;
  return {
    served,
    metadata,
    ...(name && { name }),
    ...(md5Hash && { md5Hash }),
    ...(storageClass && { storageClass }),
  };
}

function textsOnly(value: unknown): Record<string, string> {
  const entries = Object.entries(value ?? {});
  for (const [name, text] of entries) demand(typeof text === "string", 400, "invalid", `metadata ${name} is no text`);
  return Object.fromEntries(entries);
}

/** The object as it is after a patch: absent is untouched, null is taken away, custom metadata is merged. */
export function patched(object: FakeObject, json: string): FakeObject {
  const served: Record<string, string> = { ...object.served };
  const metadata: Record<string, string> = { ...object.metadata };
  for (const [name, value] of Object.entries(JSON.parse(json))) {
    if (name === "metadata") merge(metadata, value);
    else {
      demand(
        SERVED.some((known) => known === name),
        400,
        "invalid",
        `${name} can't be patched`,
      );
      merge(served, { [name]: value });
    }
  }
  return { ...object, served, metadata, metageneration: object.metageneration + 1, updated: Date.now() };
}

function merge(into: Record<string, string>, changes: unknown): void {
  for (const [name, value] of Object.entries(changes ?? {})) {
    if (value === null) delete into[name];
    else into[name] = String(value);
  }
}

/** Throws unless the object is as the request's conditions want it; "0" wants none. */
export function checkConditions(object: FakeObject | undefined, query: URLSearchParams, of: "" | "Source" = ""): void {
  const failed = "At least one of the pre-conditions you specified did not hold.";
  const generation = query.get(`if${of}GenerationMatch`);
  const metageneration = query.get(`if${of}MetagenerationMatch`);
  for (const value of [generation, metageneration]) {
    demand(value === null || /^\d+$/.test(value), 400, "invalidParameter", `Invalid value: ${value}`);
  }
  if (generation !== null) demand(`${object?.generation ?? 0}` === generation, 412, "conditionNotMet", failed);
  if (metageneration !== null) demand(`${object?.metageneration}` === metageneration, 412, "conditionNotMet", failed);
}

/** The object as the API tells of it. */
export function resourceOf(object: FakeObject): Record<string, unknown> {
  const { name, content, hashes, generation, metageneration, updated, served, metadata, storageClass, kmsKeyName } =
    object;
  return {
    name,
    size: `${content.length}`,
    generation: `${generation}`,
    metageneration: `${metageneration}`,
    updated: new Date(updated).toISOString(),
    ...hashes,
    ...served,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    storageClass,
    ...(kmsKeyName && { kmsKeyName }),
  };
}

/** An object's two checksums, in base64. */
export interface Hashes {
  readonly md5Hash: string;
  readonly crc32c: string;
}

/** Works them out. */
export function hashesOf(content: Uint8Array): Hashes {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32c(content));
  return { md5Hash: createHash("md5").update(content).digest("base64"), crc32c: crc.toString("base64") };
}
