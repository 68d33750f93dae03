import { throwIfAborted } from "../lib/abort.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { AccessTokens } from "./access-tokens.ts";

/** How long a token is used before the library is asked again, which renews it minutes before it expires. */
const KEEP_MS = 30_000;

/** What one of Google's libraries signs in with. */
export interface SignIn {
  getAccessToken(): Promise<string | null | undefined>;
}

/**
 * Tokens of the key file, or of the application default credentials (https://google.aip.dev/auth/4110) when there is
 * none: Google's own library reads them all. `signIn` makes it begin anew.
 */
export function createAccessTokens(keyFile: string | undefined, signIn: () => SignIn): AccessTokens {
  let client = signIn();
  let current: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(now: number): Promise<string> {
    try {
      const token = (await client.getAccessToken()) ?? "";
      current = { token, until: now + KEEP_MS };
      return token;
    } catch (error) {
      throw signInError(error, keyFile);
    } finally {
      asking = undefined;
    }
  }

  return {
    async get({ clock, signal }) {
      if (current && clock.now() < current.until) return current.token;
      asking ??= ask(clock.now());
      return await untilAborted(asking, signal);
    },
    forget(refused) {
      if (current?.token !== refused) return;
      current = undefined;
      client = signIn();
    },
  };
}

/** What is waited for, or "aborted" as soon as the signal says so: the library can't be stopped. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** An error of the library, or of an endpoint that gives tokens: https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
function signInError(cause: unknown, keyFile: string | undefined): SmartsyncError {
  const message = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
  const { error, description, status } = answerOf(cause);
  const why = description || error || message;
  const fail = (kind: "auth" | "transient" | "config", code: string, hint?: string) =>
    new SmartsyncError(`could not get a token from Google: ${why}`, { kind, code, ...(hint && { hint }), cause });
  if (/could not load the default credentials/i.test(message)) return fail("auth", "credentials-missing", THREE_WAYS);
  if (/ENOENT|EACCES|does not exist/.test(message)) {
    const hint = keyFile === undefined ? "see what GOOGLE_APPLICATION_CREDENTIALS names" : "see `keyFile`";
    return fail("config", "credentials-missing", `${hint}, and whether this user may read it`);
  }
  if (/short-lived|reasonable timeframe|\biat\b/i.test(why)) {
    return fail("auth", "clock-skew", "set this machine's clock right");
  }
  if (/expired|revoked|rapt|reauth/i.test(`${why} ${error}`)) {
    return fail(
      "auth",
      "credentials-expired",
      "sign in again: gcloud auth application-default login, or take a new key",
    );
  }
  if (status >= 500 || status === 429) return fail("transient", "server-error");
  if (status === 0 && isLine(cause)) return fail("transient", "connection-lost");
  return fail(
    "auth",
    "credentials-wrong",
    "see that the key was not deleted, and that nothing was cut off when it was copied",
  );
}

const THREE_WAYS =
  "name a service account's key with `keyFile`; or set GOOGLE_APPLICATION_CREDENTIALS to a key or to the configuration of a workload identity; or sign in with: gcloud auth application-default login";

interface TokenAnswer {
  readonly status: number;
  readonly error: string;
  readonly description: string;
}

function answerOf(cause: unknown): TokenAnswer {
  const response = field(cause, "response");
  const data = field(response, "data");
  return {
    status: Number(field(response, "status") ?? 0),
    error: textOf(field(data, "error")),
    description: textOf(field(data, "error_description")),
  };
}

function isLine(cause: unknown): boolean {
  return /^(E[A-Z]+|EAI_\w+)$/.test(textOf(field(cause, "code"))) || /fetch failed|socket|network/i.test(String(cause));
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
