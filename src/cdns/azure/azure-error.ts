import { z } from "zod";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import { judgeStatus } from "../api.ts";
import { readJson } from "../read-json.ts";

/** https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors */
const errorShape = z.object({
  error: z.object({ code: z.string().default(""), message: z.string().default("") }),
});

/** What Azure said was wrong: nothing, when it did not say it in its own way. */
function readAzureError(answer: Answer): { readonly code: string; readonly message: string } {
  const read = errorShape.safeParse(readJson(answer.body));
  return read.success ? read.data.error : { code: "", message: "" };
}

/** What is wrong with an answer of Azure's management API, or undefined. `action` is the right that was used. */
export function judgeAzure(answer: Answer, doing: string, action: string): SmartsyncError | undefined {
  const { code, message } = readAzureError(answer);
  const error = judgeStatus(answer, doing, message);
  if (error === undefined) return undefined;
  // Purges of one endpoint queue, and the queue may be full.
  if (answer.status === 409) return new SmartsyncError(error.message, { kind: "transient", code: "slow-down" });
  const hint = hintFor(answer.status, code, action);
  if (hint === undefined) return error;
  return new SmartsyncError(error.message, { kind: error.kind, code: error.code, hint });
}

function hintFor(status: number, code: string, action: string): string | undefined {
  if (code === "InvalidAuthenticationTokenTenant") return "the application is of another directory: see tenantId";
  if (status === 403) return `give the identity a role on the profile with the action ${action}`;
  if (status !== 404) return undefined;
  if (/Subscription/.test(code)) return "see `subscriptionId`, and that the identity has a role in it";
  if (code === "ResourceGroupNotFound") return "see `resourceGroup`";
  if (code === "ParentResourceNotFound") return "see `profile`";
  return "see `endpoint` and `profile`, and that this kind of CDN is the one that the profile has";
}
