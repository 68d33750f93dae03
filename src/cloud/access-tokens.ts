import type { Ctx } from "../core/context.ts";

/** Gives what requests are authorised with. */
export interface AccessTokens {
  /** A token that is valid for some minutes more; undefined where none is to be sent. */
  get(ctx: Ctx): Promise<string | undefined>;
  /** Forgets what it has when that is still this token, which the service no longer accepts: the next is a fresh one. */
  forget(refused: string): void;
}

/** Sends none. */
export const noTokens: AccessTokens = { get: async () => undefined, forget: () => undefined };
