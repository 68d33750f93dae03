import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { GcsBucket } from "./gcs-bucket.ts";

/** What a delivery needs: https://cloud.google.com/storage/docs/access-control/iam-permissions */
const NEEDED = ["create", "delete", "get", "list", "update"].map((action) => `storage.objects.${action}`);

/** Asks which of the permissions a delivery needs the account has; throws "permission-denied", naming those it lacks. */
export async function checkPermissions(
  { wire, bucket, predefinedAcl }: GcsBucket,
  ctx: Ctx,
): Promise<readonly string[]> {
  const needed = predefinedAcl === undefined ? NEEDED : [...NEEDED, "storage.objects.setIamPolicy"];
  const path = `/storage/v1/b/${bucket}/iam/testPermissions?${needed.map((name) => `permissions=${name}`).join("&")}`;
  const { body } = await wire.send(`ask for the permissions on gs://${bucket}`, { method: "GET", path }, ctx);
  const { permissions: granted = [] }: { permissions?: readonly string[] } = JSON.parse(body.toString());
  const lacking = needed.filter((name) => !granted.includes(name));
  if (lacking.length > 0) {
    const role = predefinedAcl === undefined ? "roles/storage.objectUser" : "roles/storage.objectAdmin";
    throw new SmartsyncError(`the account lacks permissions on gs://${bucket}: ${lacking.join(", ")}`, {
      kind: "auth",
      code: "permission-denied",
      hint: `give it the role ${role} on the bucket; a new role counts after some minutes`,
    });
  }
  return [`may ${needed.map((name) => name.replace("storage.objects.", "")).join(", ")} objects in gs://${bucket}`];
}
