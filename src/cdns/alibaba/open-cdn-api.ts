import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import { openApi } from "../api.ts";
import { readJson } from "../read-json.ts";
import { type AccessKey, signAcs3 } from "./acs3.ts";
import { judgeAlibaba } from "./judge-alibaba.ts";

/** One operation. */
export interface Operation<Shape extends z.ZodType> {
  readonly doing: string;
  /** "RefreshObjectCaches"; the right to it has the same name. */
  readonly action: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** What it answers; anything else is "cdn-unclear". */
  readonly shape: Shape;
}

/** Alibaba Cloud CDN's API, as one user. */
export interface CdnApi extends AsyncDisposable {
  /** Carries out an operation, with patience. */
  call<Shape extends z.ZodType>(operation: Operation<Shape>, ctx: Ctx): Promise<z.output<Shape>>;
}

const VERSION = "2018-05-10";

/** Opens it; `name` is the CDN's in the configuration. */
export function openCdnApi(name: string, apiUrl: string, key: AccessKey): CdnApi {
  const api = openApi({ name });
  return {
    async call({ doing, action, query = {}, form, shape }, ctx) {
      const url = new URL("/", apiUrl);
      for (const pair of Object.entries(query)) url.searchParams.set(...pair);
      const body = form && new URLSearchParams(form).toString();
      const request = { method: "POST", url, action, version: VERSION, ...(body !== undefined && { form: body }) };
      const answer = await api.call(
        {
          doing,
          method: request.method,
          url,
          headers: (nowMs) => ({
            accept: "application/json",
            ...signAcs3(request, key, { nowMs, nonce: randomUUID() }),
          }),
          judge: (given) => judgeAlibaba(given, doing, `cdn:${action}`),
          ...(body !== undefined && { body: Buffer.from(body) }),
        },
        ctx,
      );
      const read = shape.safeParse(readJson(answer.body));
      if (read.success) return read.data;
      throw new SmartsyncError(`could not ${doing}: the answer is none of Alibaba Cloud's`, {
        kind: "config",
        code: "cdn-unclear",
        hint: "see `apiUrl`, and whether a proxy answers for it",
      });
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
