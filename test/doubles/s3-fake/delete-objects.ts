import { type Answer, type Call, documentOf } from "./answer.ts";
import { checksumsOf } from "./body.ts";
import { demand, S3Fault } from "./fault.ts";
import { elements, textOf } from "./xml.ts";

/** DeleteObjects: what could not be deleted is told key by key, under a status of 200. */
export function deleteObjects(call: Call, refusalOf: (key: string) => S3Fault | undefined): Answer {
  const { request, bucket, content } = call;
  const hasSum =
    request.headers["content-md5"] !== undefined ||
    checksumsOf(request.headers).length > 0 ||
    "x-amz-trailer" in request.headers;
  demand(hasSum, 400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  const text = content.bytes.toString();
  const keys = elements(text, "Object").map((object) => textOf(object, "Key") ?? "");
  const isFitting = keys.length > 0 && keys.length <= 1_000 && !keys.includes("");
  demand(
    isFitting,
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
  const isQuiet = textOf(text, "Quiet") === "true";

  const deleted: string[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const key of keys) {
    const refusal = call.may("s3:DeleteObject") ? refusalOf(key) : new S3Fault(403, "AccessDenied", "Access Denied");
    if (refusal !== undefined) {
      errors.push({ Key: key, Code: refusal.code, Message: refusal.message });
      continue;
    }
    bucket.delete(key);
    deleted.push(key);
  }
  return documentOf("DeleteResult", { Deleted: isQuiet ? [] : deleted.map((Key) => ({ Key })), Error: errors });
}
