import type { AccessTokens } from "../cloud/access-tokens.ts";
import type { Ctx } from "../core/context.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Answer } from "../lib/http-line.ts";
import type { Api, ApiCall } from "./api.ts";

/** A call that a token authorises: everything but its headers, which are that token and what its body is. */
export type TokenCall = Omit<ApiCall, "headers" | "body"> & {
  /** Sent as JSON. */
  readonly json?: object;
};

/**
 * Makes a call with a token (https://datatracker.ietf.org/doc/html/rfc6750#section-2.1). One that ended, or was
 * revoked, while the call was under way is renewed once; that the fresh one is refused too ends the call.
 */
export function callWithToken(api: Api, tokens: AccessTokens, call: TokenCall, ctx: Ctx): Promise<Answer> {
  const { json, ...rest } = call;
  const body = json && Buffer.from(JSON.stringify(json));
  let sent: string | undefined;
  let isRenewed = false;
  return api.call(
    {
      ...rest,
      ...(body && { body }),
      async headers() {
        sent = await tokens.get(ctx);
        return {
          accept: "application/json",
          ...(body && { "content-type": "application/json" }),
          ...(sent && { authorization: `Bearer ${sent}` }),
        };
      },
      judge(answer) {
        const error = rest.judge(answer);
        if (error === undefined || answer.status !== 401 || sent === undefined || isRenewed) return error;
        isRenewed = true;
        tokens.forget(sent);
        return new SmartsyncError(error.message, { kind: "auth", code: "credentials-doubtful" });
      },
    },
    ctx,
  );
}
