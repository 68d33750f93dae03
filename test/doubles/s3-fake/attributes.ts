import { demand } from "./fault.ts";

/** The headers of a write that are kept and answered with. */
const KEPT = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-storage-class",
  "x-amz-website-redirect-location",
];
/** What a copy takes over from its original unless it replaces all of it; the rest has to be said again. */
const COPIED = /^(cache-control|content-.*|expires|x-amz-meta-.*)$/;

/** What a request gives an object besides its bytes. */
export interface Attributes {
  readonly headers: Readonly<Record<string, string>>;
  readonly tags?: string;
}

/** Takes an object's attributes from a write's headers; refuses what S3 refuses. */
export function attributesOf(headers: Readonly<Record<string, string>>): Attributes {
  const kept: Record<string, string> = {};
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith("x-amz-meta-")) {
      metadataBytes += name.length - "x-amz-meta-".length + value.length;
      kept[name] = value;
    } else if (KEPT.includes(name)) {
      kept[name] = value;
    }
  }
  demand(
    metadataBytes <= 2048,
    400,
    "MetadataTooLarge",
    "Your metadata headers exceed the maximum allowed metadata size",
  );
  // how the body came is no property of the object
  const encoding = kept["content-encoding"]?.replace(/^aws-chunked(, ?)?/, "");
  if (encoding === "") delete kept["content-encoding"];
  else if (encoding !== undefined) kept["content-encoding"] = encoding;
  kept["content-type"] ??= "binary/octet-stream";
  const redirect = kept["x-amz-website-redirect-location"];
  demand(
    redirect === undefined || /^(\/|https?:\/\/)/.test(redirect),
    400,
    "InvalidRedirectLocation",
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  );
  const tags = headers["x-amz-tagging"];
  demand(
    tags === undefined || tags.split("&").length <= 10,
    400,
    "BadRequest",
    "Object tags cannot be greater than 10",
  );
  return { headers: kept, ...(tags !== undefined && { tags }) };
}

/** Attributes of a copy by its directives. */
export function attributesOfCopy(headers: Readonly<Record<string, string>>, original: Attributes): Attributes {
  const said = attributesOf(headers);
  const replaces = headers["x-amz-metadata-directive"] === "REPLACE";
  const retags = headers["x-amz-tagging-directive"] === "REPLACE";
  const copied = Object.entries(original.headers).filter(([name]) => COPIED.test(name));
  const stated = Object.entries(said.headers).filter(([name]) => replaces || !COPIED.test(name));
  const tags = retags ? said.tags : original.tags;
  return {
    headers: Object.fromEntries(replaces ? stated : [...copied, ...stated]),
    ...(tags !== undefined && { tags }),
  };
}
