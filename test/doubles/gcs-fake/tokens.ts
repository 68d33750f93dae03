import { randomUUID } from "node:crypto";

/** An answer of an endpoint that gives tokens. */
export interface TokenAnswer {
  readonly status: number;
  readonly json: object;
}

/** Who signs in at the fake. */
export const ACCOUNT = "deploy@example-site.iam.gserviceaccount.com";

/** Gives tokens for a workload identity, and to whoever asks the metadata server. */
export function createTokenDesk(lifetimeSeconds: number) {
  const valid = new Map<string, number>();
  const trusted = `subject-${randomUUID()}`;
  let issued = 0;

  function issue(): TokenAnswer {
    issued++;
    const token = `ya29.${randomUUID()}`;
    valid.set(token, Date.now() + lifetimeSeconds * 1_000);
    return { status: 200, json: { access_token: token, expires_in: lifetimeSeconds, token_type: "Bearer" } };
  }

  const desk = {
    /** The token of another issuer that the fake's federation trusts. */
    trusted,
    issued: () => issued,
    isValid: (token: string) => (valid.get(token) ?? 0) > Date.now(),
    /** No token that was given is valid any more. */
    revokeAll: () => valid.clear(),
    issue,
    /** What an exchange is refused with instead: { error: "invalid_grant", error_description: "…" }. */
    refusal: undefined as object | undefined,
    /** https://datatracker.ietf.org/doc/html/rfc8693 */
    exchange(form: URLSearchParams): TokenAnswer {
      if (desk.refusal) return { status: 400, json: desk.refusal };
      const isExchange = form.get("grant_type") === "urn:ietf:params:oauth:grant-type:token-exchange";
      if (!isExchange || form.get("subject_token") !== trusted) {
        return { status: 400, json: { error: "invalid_grant", error_description: "The ID token is not trusted." } };
      }
      if (!form.get("scope")?.includes("https://www.googleapis.com/auth/")) {
        return { status: 400, json: { error: "invalid_scope" } };
      }
      const { json } = issue();
      return { status: 200, json: { ...json, issued_token_type: "urn:ietf:params:oauth:token-type:access_token" } };
    },
  };
  return desk;
}
