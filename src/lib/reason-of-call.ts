/**
 * Why a call on a file failed: "no such file or directory". The code before and the path after it in Node.js's message
 * ("ENOENT: …, open 'plan.json'") are left out, since whoever tells the reason names the file.
 */
export function reasonOfCall(error: unknown): string {
  return String(error instanceof Error ? error.message : error).replace(/^E[A-Z0-9]+: |, \w+(?: '.*')?$/gs, "");
}
