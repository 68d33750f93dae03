import { COMPRESSIONS, type ServingHeaders, servingHash } from "../../core/serving.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Condition, ObjectAttributes, StoredObject } from "../objects/object-store.ts";

/** An object as the JSON API writes it, as far as it is used here: https://cloud.google.com/storage/docs/json_api/v1/objects */
export interface ObjectResource {
  readonly name: string;
  readonly size: string;
  readonly generation: string;
  readonly metageneration: string;
  readonly updated?: string;
  /** In base64; absent of composite objects. */
  readonly md5Hash?: string;
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What is asked of an object, so that answers stay small. */
export const RESOURCE_FIELDS =
  "name,size,generation,metageneration,updated,md5Hash,contentType,cacheControl,contentEncoding,contentDisposition,contentLanguage,metadata";

/** The custom metadata smartsync writes of its own; `mtime` is what gsutil and gcloud look for, in seconds. */
const MARKS = { sha256: "smartsync-sha256", serving: "smartsync-serving", mtime: "goog-reserved-file-mtime" };

/** What objects get whose type nobody said. */
const NO_TYPE = "application/octet-stream";

/** The part of an object's resource that says how it is served; null takes away what was there. */
export function writableResource({ serving, sha256, mtimeMs }: ObjectAttributes, storageClass?: string) {
  return {
    contentType: serving?.contentType ?? NO_TYPE,
    cacheControl: serving?.cacheControl ?? null,
    contentEncoding: serving?.contentEncoding ?? null,
    contentDisposition: serving?.contentDisposition ?? null,
    contentLanguage: serving?.contentLanguage ?? null,
    metadata: {
      ...serving?.metadata,
      ...(sha256 !== undefined && { [MARKS.sha256]: sha256 }),
      ...(serving && { [MARKS.serving]: serving.hash }),
      ...(mtimeMs !== undefined && { [MARKS.mtime]: `${Math.floor(mtimeMs / 1000)}` }),
    },
    // smartsync's own records are written often: in the colder classes each time would cost what a month does.
    ...(serving && storageClass !== undefined && { storageClass }),
  };
}

/** Reads an object's resource. */
export function readResource(resource: ObjectResource): StoredObject {
  const { name: key, size, md5Hash, metadata = {}, updated } = resource;
  const sha256 = metadata[MARKS.sha256];
  const serving = servingOf(resource);
  return {
    key,
    size: Number(size),
    etag: etagOf(resource),
    ...(updated && { mtimeMs: Date.parse(updated) }),
    ...(md5Hash && { md5: Buffer.from(md5Hash, "base64").toString("hex") }),
    ...(sha256 && { sha256 }),
    ...(serving && { serving }),
  };
}

/**
 * The hash of how it is served, worked out from what it is served with, since every answer tells that: what somebody
 * changed past smartsync shows, and what another tool wrote needs no request of its own. Only whether the bytes were
 * compressed on their way is taken from what smartsync noted.
 */
function servingOf(resource: ObjectResource): string | undefined {
  const { contentType = NO_TYPE, cacheControl, contentEncoding, contentDisposition, contentLanguage } = resource;
  const noted = resource.metadata?.[MARKS.serving];
  if (noted === undefined && contentType === NO_TYPE) return undefined;
  const compress = COMPRESSIONS.find((compression) => noted?.startsWith(`${compression}-`));
  const metadata = Object.entries(resource.metadata ?? {}).filter(([name]) => !isMark(name));
  const headers: ServingHeaders = {
    contentType,
    ...(cacheControl && { cacheControl }),
    ...(contentEncoding && { contentEncoding }),
    ...(contentDisposition && { contentDisposition }),
    ...(contentLanguage && { contentLanguage }),
    metadata: Object.fromEntries(metadata),
    ...(compress && { compress }),
  };
  return servingHash(headers);
}

/** The names in an object's custom metadata that these attributes do not have. */
export function leftoverMetadata(resource: ObjectResource, wanted: Readonly<Record<string, string>>): string[] {
  return Object.keys(resource.metadata ?? {}).filter((name) => !(name in wanted));
}

function isMark(name: string): boolean {
  return name.startsWith("smartsync-") || name.startsWith("goog-reserved-");
}

/**
 * The generation changes with the bytes, the metageneration with everything else, and both are in every listing: so a
 * header that somebody changed past smartsync is seen without a request more.
 */
export function etagOf({ generation, metageneration }: Pick<ObjectResource, "generation" | "metageneration">): string {
  return `${generation}.${metageneration}`;
}

/** The query of a write that may only happen if; `of` is "Source" where the condition is on a copy's original. */
export function conditionQuery(condition: Condition | undefined, of: "" | "Source" = ""): Record<string, string> {
  if (condition === undefined) return {};
  if ("ifAbsent" in condition) return { ifGenerationMatch: "0" };
  const [generation = "", metageneration = ""] = condition.ifMatch.split(".");
  if (!/^\d+\.\d+$/.test(condition.ifMatch)) {
    const message = `the object is another one: "${condition.ifMatch}" is no generation of Google Cloud Storage`;
    throw new SmartsyncError(message, { kind: "conflict", code: "condition-failed" });
  }
  return { [`if${of}GenerationMatch`]: generation, [`if${of}MetagenerationMatch`]: metageneration };
}
