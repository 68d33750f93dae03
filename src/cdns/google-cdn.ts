import { z } from "zod";
import { SmartsyncError } from "../lib/errors.ts";
import type { Answer } from "../lib/http-line.ts";
import { defineCdn } from "./cdn.ts";
import { openGoogleApi, unclearAnswer } from "./google/google-api.ts";
import { apiUrl, googleSettings } from "./google/google-settings.ts";
import { invalidationRules, spellInvalidation } from "./google/invalidation.ts";
import { requestIdOf } from "./google/request-id.ts";
import { readJson } from "./read-json.ts";

/** https://cloud.google.com/compute/docs/reference/rest/v1/globalOperations */
const operationShape = z.object({
  name: z.string(),
  status: z.string(),
  error: z.object({ errors: z.array(z.object({ message: z.string().default("") })) }).optional(),
});

const ROLE = "roles/compute.loadBalancerAdmin";
const NAMED = "`project` and `urlMap`";

/** Google Cloud CDN: https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps/invalidateCache */
export const googleCdn = defineCdn({
  type: "google-cdn",
  schema: z.strictObject({
    type: z.literal("google-cdn"),
    ...googleSettings,
    urlMap: z.string().min(1).describe("The load balancer's URL map."),
    apiUrl: apiUrl("https://compute.googleapis.com"),
  }),
  describe: ({ project, urlMap }) => `Google Cloud CDN of URL map ${urlMap} in ${project}`,
  async open({ project, urlMap, host, keyFile, apiUrl }, options) {
    const api = await openGoogleApi(apiUrl, keyFile, options);
    const global = `/compute/v1/projects/${encodeURIComponent(project)}/global`;
    const map = `${global}/urlMaps/${encodeURIComponent(urlMap)}`;
    return {
      rules: invalidationRules,
      async purge({ key, items }, ctx) {
        const doing = `invalidate ${items.length} ${items.length === 1 ? "item" : "items"} of ${urlMap}`;
        const answer = await api.call(
          {
            doing,
            method: "POST",
            path: `${map}/invalidateCache?requestId=${requestIdOf(key)}`,
            json: spellInvalidation(items, host),
            needs: { permission: "compute.urlMaps.invalidateCache", role: ROLE, named: NAMED },
          },
          ctx,
        );
        return { id: readOperation(answer, doing).name };
      },
      async isThrough({ id }, ctx) {
        if (id === undefined) return true;
        const doing = `see how far ${id} of ${urlMap} is`;
        const needs = { permission: "compute.globalOperations.get", role: ROLE, named: "`project`" };
        const path = `${global}/operations/${encodeURIComponent(id)}`;
        return readOperation(await api.call({ doing, method: "GET", path, needs }, ctx), doing).status === "DONE";
      },
      async examine(ctx) {
        const doing = `look at URL map ${urlMap}`;
        const needs = { permission: "compute.urlMaps.get", role: ROLE, named: NAMED };
        await api.call({ doing, method: "GET", path: map, needs }, ctx);
        return [`URL map ${urlMap} of project ${project}`];
      },
      [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
    };
  },
});

/** An operation that did not fail; one that did is "purge-failed". */
function readOperation(answer: Answer, doing: string): { readonly name: string; readonly status: string } {
  const read = operationShape.safeParse(readJson(answer.body));
  if (!read.success) throw unclearAnswer(doing);
  const { name, status, error } = read.data;
  if (error === undefined) return { name, status };
  const why = error.errors.map(({ message }) => message).join("; ");
  throw new SmartsyncError(`the invalidation ${name} failed: ${why}`, {
    kind: "refused",
    code: "purge-failed",
    hint: "purge again; when it stays so, see the load balancer's log",
  });
}
