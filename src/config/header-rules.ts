import { z } from "zod";
import { COMPRESSIONS } from "../core/serving.ts";

/** What S3 keeps of custom metadata, names and values together; the least of all stores. */
const METADATA_BYTES = 2048;
const TOKEN = String.raw`[\w!#$%&'*+.^|~-]+`;

/** What can be sent as a header's value: RFC 9110, section 5.5, without the bytes beyond ASCII, which every store takes for another encoding. */
const headerValue = z
  .string()
  .min(1, { abort: true })
  .regex(/^[^\x00-\x1f\x7f]*$/, { error: "must be one line, without control characters", abort: true })
  .regex(/^[\x20-\x7e]*$/, { error: "must be ASCII: nothing else can be sent in a header", abort: true })
  .regex(/^\S(?:.*\S)?$/, { error: "must not begin or end with a space", abort: true });

const contentType = headerValue.regex(
  new RegExp(`^${TOKEN}/${TOKEN}(?:\\s*;\\s*${TOKEN}=(?:${TOKEN}|"[^"\\\\]*"))*$`),
  "must be a media type such as text/html",
);

const charset = headerValue.refine(
  (label) => label === "none" || isEncoding(label),
  "must be an encoding that browsers know, such as utf-8, Shift_JIS, EUC-JP or ISO-2022-JP",
);

const language = headerValue.regex(
  /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*(?:\s*,\s*[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)*$/,
  "must be a language such as ja or en-GB, or several with commas between them",
);

const contentDisposition = headerValue.regex(
  new RegExp(`^${TOKEN}(?:\\s*;.+)?$`),
  "must be `attachment`, `inline`, or one of them with parameters; `attachment` is enough for Japanese file names",
);

const redirect = z
  .string()
  .regex(/^(?:\/|https?:\/\/|none$)/, 'must begin with "/", "https://" or "http://"')
  .refine((text) => /^[\x21-\x7e]*$/.test(text), {
    error: ({ input }) => `must be percent-encoded: ${encodeURI(String(input).toWellFormed())}`,
  });

const metadataName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, {
    error: 'a name of metadata holds a-z, 0-9 and "-", and begins with a letter',
    abort: true,
  })
  // What smartsync notes of an object itself, or another tool looks for.
  .regex(/^(?!smartsync|goog-reserved|mtime$|md5chksum$)/, "this name of metadata is smartsync's own");

const metadata = z.record(metadataName, headerValue);

/** One of a site's ordered rules for the headers that stores answer visitors with. */
export const headerRuleSchema = z
  .strictObject({
    match: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .transform((patterns) => [patterns].flat())
      .describe("The files it is for: a pattern or a list of patterns."),
    contentType: contentType.exactOptional().describe("Content-Type; by the file's extension when no rule says it."),
    charset: charset
      .exactOptional()
      .describe(
        "The encoding put behind the Content-Type; what the text itself says, else UTF-8, when no rule says it.",
      ),
    cacheControl: headerValue.exactOptional().describe("Cache-Control."),
    contentEncoding: headerValue
      .regex(new RegExp(`^${TOKEN}(?:\\s*,\\s*${TOKEN})*$`), "must be an encoding such as gzip")
      .exactOptional()
      .describe("Content-Encoding of files that are compressed in the source already."),
    contentDisposition: contentDisposition
      .exactOptional()
      .describe("Content-Disposition; `attachment` is given the file's name where that is Japanese."),
    contentLanguage: language.exactOptional().describe("Content-Language."),
    metadata: metadata
      .refine((all) => bytesOf(all) <= METADATA_BYTES, `must not be longer than ${METADATA_BYTES} bytes`)
      .exactOptional()
      .describe("Custom metadata by name, added to what the rules before it give."),
    redirect: redirect
      .exactOptional()
      .describe("Where visitors are sent instead, by stores that can (S3 website hosting)."),
    compress: z
      .enum([...COMPRESSIONS, "none"])
      .exactOptional()
      .describe("Compress files on their way and send Content-Encoding; stores serve them so to every visitor."),
  })
  .refine(({ compress = "none", contentEncoding = "none" }) => compress === "none" || contentEncoding === "none", {
    path: ["compress"],
    error: "contentEncoding says that the files are compressed already; keep one of them",
  });

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).flat().join("").length;
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== "x-user-defined";
  } catch {
    return false;
  }
}
