import type { Readable } from "node:stream";
import { SmartsyncError } from "../../lib/errors.ts";
import { WholeBody } from "../../lib/whole-body.ts";

/** All of a small body. Rejects with the body's own error, or "aborted" as soon as the signal aborts. */
export function collectBody(body: Readable, signal: AbortSignal): Promise<Uint8Array> {
  if (body instanceof WholeBody) return Promise.resolve(body.content);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Uint8Array[] = [];
  const stop = () => {
    const details = { kind: "aborted", code: "aborted", cause: signal.reason } as const;
    body.destroy(new SmartsyncError("stopped before it was finished", details));
  };
  // Listeners and not `for await`: that costs several promises for each file, and this is done for every file.
  body.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  body.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  body.on("error", reject);
  body.on("close", () => {
    signal.removeEventListener("abort", stop);
    if (!body.readableEnded) reject(new Error("the body was closed before its end"));
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  return promise;
}
