import type { Ctx } from "../core/context.ts";
import { isTransient } from "../lib/errors.ts";

/** A token of Entra ID and when it ends, in milliseconds since the epoch. */
export interface AccessToken {
  readonly token: string;
  readonly expiresAt: number;
}

/** Asks for a new token. */
export type TokenRequest = (ctx: Ctx) => Promise<AccessToken>;

/** Before a token ends, so that no request is under way with it then. */
const AHEAD_MS = 5 * 60_000;

/**
 * Gives tokens that are valid for five minutes more at least. One is asked for at a time, whoever wants it; while the
 * old one still counts, a service that fails for a moment does no harm.
 */
export function createTokenSource(request: TokenRequest): (ctx: Ctx) => Promise<string> {
  let held: AccessToken | undefined;
  let asking: Promise<AccessToken> | undefined;
  return async (ctx) => {
    if (held && held.expiresAt - AHEAD_MS > ctx.clock.now()) return held.token;
    asking ??= request(ctx).finally(() => {
      asking = undefined;
    });
    try {
      held = await asking;
    } catch (error) {
      if (held === undefined || held.expiresAt <= ctx.clock.now() || !isTransient(error)) throw error;
    }
    return held.token;
  };
}
