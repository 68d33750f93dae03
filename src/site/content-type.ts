import mime from "mime";
import { extensionOf } from "./extension-of.ts";

/** The media type that a file's name stands for. */
export function typeByName(path: string): string {
  const extension = extensionOf(path);
  return (extension === "" ? null : mime.getType(extension)) ?? "application/octet-stream";
}

/** True for types whose bytes are text in some encoding that has to be told; JSON is always UTF-8. */
export function isText(type: string): boolean {
  return /^text\/|[/+](?:xml|(?:x-)?javascript)\b/.test(type);
}

/** True for pages. */
export function isPage(type: string): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)\b/.test(type);
}

const ALSO_COMPRESSIBLE =
  /[/+]json\b|^application\/(?:wasm|vnd\.ms-fontobject)\b|^font\/[ot]tf\b|^image\/(?:bmp|vnd\.microsoft\.icon)\b/;

/** True for types that gain by compression, because they are not compressed already. */
export function isCompressible(type: string): boolean {
  return isText(type) || ALSO_COMPRESSIBLE.test(type);
}
