import { resolve } from "node:path";
import { createTokenSource } from "../../cloud/access-token.ts";
import type { AccessTokens } from "../../cloud/access-tokens.ts";
import { tokenWay } from "../../cloud/entra-tokens.ts";
import type { Ctx } from "../../core/context.ts";
import type { Answer } from "../../lib/http-line.ts";
import { openApi } from "../api.ts";
import { callWithToken } from "../call-with-token.ts";
import type { OpenCdnOptions } from "../cdn.ts";
import { judgeAzure } from "./azure-error.ts";
import type { EndpointConfig } from "./endpoint-settings.ts";

/** One call of the management API. */
export interface ManagementCall {
  readonly doing: string;
  readonly method: "GET" | "POST";
  /** With its query, from the root of the management API. */
  readonly path: string;
  readonly json?: object;
  /** The right that it takes, for who lacks it. */
  readonly action: string;
}

/** Azure's management API, as one identity. */
export interface Management extends AsyncDisposable {
  call(call: ManagementCall, ctx: Ctx): Promise<Answer>;
}

/** Opens it; signs in with the first call. */
export function openManagement(config: EndpointConfig, { name, baseDir }: OpenCdnOptions): Management {
  const { entra, managementUrl } = config;
  const api = openApi({ name });
  const ask = tokenWay(entra, managementUrl, (file) => resolve(baseDir, file), process.env);
  let source = createTokenSource(ask);
  let given: string | undefined;
  const tokens: AccessTokens = {
    async get(ctx) {
      given = await source(ctx);
      return given;
    },
    forget(refused) {
      if (refused === given) source = createTokenSource(ask);
    },
  };
  return {
    call({ doing, method, path, json, action }, ctx) {
      const url = new URL(path, managementUrl);
      const judge = (answer: Answer) => judgeAzure(answer, doing, action);
      return callWithToken(api, tokens, { doing, method, url, judge, ...(json && { json }) }, ctx);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
