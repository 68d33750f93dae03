import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { abortUpload, createUpload, listUploads } from "./multipart.ts";
import type { S3Connection } from "./s3-connection.ts";

const NOTE = Buffer.from("smartsync doctor was here; this object can be deleted\n");

/**
 * `ObjectStore.examine`: tries everything a delivery does on one key and says what works. What is forbidden is thrown
 * in one error that names all of it, so that a policy has to be corrected once.
 */
export async function examine(
  connection: S3Connection,
  store: ObjectStore,
  key: string,
  ctx: Ctx,
): Promise<readonly string[]> {
  const allowed: string[] = [];
  const notes: string[] = [];
  const refusals: SmartsyncError[] = [];
  const attempt = async (what: string, work: () => Promise<string | undefined>): Promise<void> => {
    try {
      const note = await work();
      if (note === undefined) allowed.push(what);
      else notes.push(note);
    } catch (error) {
      if (!(error instanceof SmartsyncError) || error.kind === "transient" || error.kind === "aborted") throw error;
      refusals.push(error);
    }
  };
  const tell = (work: Promise<unknown>) => work.then(() => undefined);

  await attempt("list", async () => {
    for await (const _ of store.list({ prefix: key }, ctx)) break;
    return undefined;
  });
  await attempt("write", () => tell(store.put(key, NOTE, {}, ctx)));
  if (refusals.some(({ message }) => message.startsWith("could not write"))) throw summary(connection, refusals);
  await attempt("read", () => tell(store.get(key, ctx)));
  await attempt("copy", () => tell(store.copy(key, key, { attributes: {} }, ctx)));
  await attempt("write on conditions", () => tryCondition(store, key, ctx));
  await attempt("send in parts", () => tryParts(connection, key, ctx));
  await attempt("delete", () => tell(store.remove([key], ctx)));
  if (refusals.length > 0) throw summary(connection, refusals);
  return [`may ${allowed.join(", ")}`, ...notes];
}

/** What a second "only if absent" on an object that is there is answered with. */
async function tryCondition(store: ObjectStore, key: string, ctx: Ctx): Promise<string> {
  try {
    await store.put(key, NOTE, {}, ctx, { ifAbsent: true });
    return "ignores conditional writes: two deliveries at once are noticed a little later";
  } catch (error) {
    if (!(error instanceof SmartsyncError)) throw error;
    if (error.code === "condition-failed") return "honours conditional writes: locks are certain";
    if (error.code === "not-supported")
      return "refuses conditional writes: two deliveries at once are noticed a little later";
    throw error;
  }
}

async function tryParts(connection: S3Connection, key: string, ctx: Ctx): Promise<string | undefined> {
  const upload = await createUpload(connection, key, {}, ctx);
  await abortUpload(connection, upload, ctx);
  try {
    for await (const _ of listUploads(connection, key, ctx)) break;
    return undefined;
  } catch (error) {
    if (!(error instanceof SmartsyncError) || error.code !== "permission-denied") throw error;
    return "may send in parts, but not look for unfinished uploads (s3:ListBucketMultipartUploads): let a lifecycle rule of the bucket remove them";
  }
}

function summary({ place }: S3Connection, refusals: readonly SmartsyncError[]): SmartsyncError {
  const [first] = refusals;
  if (first === undefined || refusals.length === 1)
    return first ?? new SmartsyncError(place, { kind: "bug", code: "unexpected" });
  const hints = [...new Set(refusals.flatMap(({ hint }) => hint ?? []))];
  return new SmartsyncError(refusals.map(({ message }) => message).join("; "), {
    kind: first.kind,
    code: first.code,
    ...(hints.length > 0 && { hint: hints.join("; ") }),
    cause: first,
  });
}
