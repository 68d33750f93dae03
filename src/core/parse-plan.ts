import { z } from "zod";
import { PUT_REASONS } from "./change.ts";
import { GUARDS } from "./guard.ts";
import { countChanges } from "./make-plan.ts";
import { PHASES, type Phase, type Plan } from "./plan.ts";
import { COMPRESSIONS } from "./serving.ts";
import { amount, parseStored, relPath, sha256 } from "./stored.ts";

const servingSchema = z.strictObject({
  contentType: z.string(),
  cacheControl: z.string().exactOptional(),
  contentEncoding: z.string().exactOptional(),
  contentDisposition: z.string().exactOptional(),
  contentLanguage: z.string().exactOptional(),
  metadata: z.record(z.string(), z.string()).exactOptional(),
  redirect: z.string().exactOptional(),
  compress: z.enum(COMPRESSIONS).exactOptional(),
  hash: z.string(),
});

const putSchema = z.strictObject({
  kind: z.literal("put"),
  file: z.strictObject({
    path: relPath,
    size: amount,
    sha256,
    mtimeMs: z.int(),
    mode: z.int().min(0).max(0o7777),
    charset: z.string().exactOptional(),
    serving: servingSchema.exactOptional(),
  }),
  reason: z.enum(PUT_REASONS),
  heldEtag: z.string().exactOptional(),
});

const deleteSchema = z.strictObject({ kind: z.literal("delete"), path: relPath, size: amount });

const phaseSchema = z.strictObject({
  name: z.enum(PHASES),
  changes: z.array(z.discriminatedUnion("kind", [putSchema, deleteSchema])).min(1),
});

const planSchema = z.strictObject({
  format: z.literal(1),
  site: z.string().min(1),
  target: z.string().min(1),
  base: z.strictObject({ sourceHash: sha256, targetState: z.string().min(1) }),
  phases: z.array(phaseSchema),
  refusals: z.array(
    z.strictObject({ guard: z.enum(GUARDS), message: z.string(), paths: z.array(z.string()), count: amount }),
  ),
  emptied: z.array(relPath),
  keeping: z
    .strictObject({ grace: z.string().exactOptional(), begins: z.array(relPath), ends: z.array(relPath) })
    .exactOptional(),
  totals: z.strictObject({
    puts: amount,
    putBytes: amount,
    deletes: amount,
    deleteBytes: amount,
    unchanged: amount,
    unchangedBytes: amount,
    kept: amount.exactOptional(),
  }),
});

/**
 * Reads a plan that was stored as JSON. Throws an Error that says what is wrong when it is not one, names a path
 * outside the site, has its phases mixed up, or has totals that do not match them: what is shown is what is done.
 */
export function parsePlan(json: unknown): Plan {
  const plan = parseStored("the plan", json, planSchema);
  checkPhases(plan.phases);
  checkTotals(plan);
  return plan;
}

function checkPhases(phases: readonly Phase[]): void {
  let last = -1;
  for (const { name, changes } of phases) {
    const place = PHASES.indexOf(name);
    if (place <= last) throw new Error(`the plan is not valid: its phase "${name}" is out of order`);
    last = place;
    const kind = name === "deletions" ? "delete" : "put";
    if (changes.some((change) => change.kind !== kind)) {
      throw new Error(`the plan is not valid: its phase "${name}" holds more than ${kind}s`);
    }
  }
}

function checkTotals({ phases, totals }: Plan): void {
  const counted = countChanges(phases.flatMap(({ changes }) => changes));
  for (const [name, total] of Object.entries(counted)) {
    if (totals[name as keyof typeof counted] !== total) {
      throw new Error(`the plan is not valid: totals.${name} does not match its phases`);
    }
  }
}
