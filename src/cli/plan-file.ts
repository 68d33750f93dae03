import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { parsePlan } from "../core/parse-plan.ts";
import type { Plan } from "../core/plan.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { reasonOfCall } from "../lib/reason-of-call.ts";

const planFile = z.strictObject({ format: z.literal(1), plans: z.array(z.unknown()).min(1) });

/** Writes plans to a file, for `push --plan`. */
export async function writePlanFile(file: string, plans: readonly Plan[]): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify({ format: 1, plans })}\n`);
  } catch (cause) {
    throw unusable(`can't write the plan to ${file}`, cause);
  }
}

/** Reads plans that `plan --out` wrote; all are of one site. Throws "plan-unusable" (kind config). */
export async function readPlanFile(file: string): Promise<{ site: string; plans: readonly Plan[] }> {
  try {
    const plans = planFile.parse(JSON.parse(await readFile(file, "utf8"))).plans.map(parsePlan);
    const [first, ...others] = new Set(plans.map(({ site }) => site));
    if (first === undefined || others.length > 0) throw new Error("its plans are of several sites");
    return { site: first, plans };
  } catch (cause) {
    throw unusable(`can't use the plan ${file}`, cause);
  }
}

function unusable(what: string, cause: unknown): SmartsyncError {
  return new SmartsyncError(`${what}: ${explain(cause)}`, {
    kind: "config",
    code: "plan-unusable",
    hint: "`smartsync plan --out <file>` writes one",
    cause,
  });
}

function explain(cause: unknown): string {
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues;
    return issue ? `${issue.path.join(".")}: ${issue.message}` : "it is not a plan";
  }
  if (cause instanceof SyntaxError) return "it is not JSON";
  return reasonOfCall(cause);
}
