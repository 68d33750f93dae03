import { resolve } from "node:path";
import type { AccessTokens } from "../../cloud/access-tokens.ts";
import { createAccessTokens } from "../../cloud/google-tokens.ts";
import type { Ctx } from "../../core/context.ts";
import { SmartsyncError } from "../../lib/errors.ts";
import type { Answer } from "../../lib/http-line.ts";
import { openApi } from "../api.ts";
import { callWithToken } from "../call-with-token.ts";
import type { OpenCdnOptions } from "../cdn.ts";
import { judgeGoogle, type Needs } from "./google-error.ts";

/** One call of one of Google's APIs. */
export interface GoogleCall {
  readonly doing: string;
  readonly method: "GET" | "POST";
  /** With its query, from the root of the API. */
  readonly path: string;
  readonly json?: object;
  readonly needs: Needs;
}

/** One of Google's APIs, as one account. */
export interface GoogleApi extends AsyncDisposable {
  call(call: GoogleCall, ctx: Ctx): Promise<Answer>;
}

/** Opens the API at an address; signs in with the first call. */
export async function openGoogleApi(
  address: string,
  keyFile: string | undefined,
  { name, baseDir }: OpenCdnOptions,
): Promise<GoogleApi> {
  const api = openApi({ name });
  const tokens = await openTokens(keyFile && resolve(baseDir, keyFile));
  return {
    call({ doing, method, path, json, needs }, ctx) {
      const url = new URL(path, address);
      const judge = (answer: Answer) => judgeGoogle(answer, doing, needs);
      return callWithToken(api, tokens, { doing, method, url, judge, ...(json && { json }) }, ctx);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

/** https://developers.google.com/identity/protocols/oauth2/scopes: invalidating takes this one. */
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

async function openTokens(keyFile: string | undefined): Promise<AccessTokens> {
  const { GoogleAuth } = await import("google-auth-library");
  return createAccessTokens(keyFile, () => new GoogleAuth({ scopes: SCOPE, ...(keyFile && { keyFile }) }));
}

/** What answers is not Google. */
export function unclearAnswer(doing: string): SmartsyncError {
  return new SmartsyncError(`could not ${doing}: the answer is none of Google's`, {
    kind: "config",
    code: "cdn-unclear",
    hint: "see `apiUrl`, and whether a proxy answers for it",
  });
}
