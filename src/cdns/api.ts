import type { Ctx } from "../core/context.ts";
import { throwIfAborted } from "../lib/abort.ts";
import { type ErrorKind, SmartsyncError } from "../lib/errors.ts";
import { type Answer, openHttpLine } from "../lib/http-line.ts";
import { lineError } from "../lib/line-error.ts";

/** One call of a provider's API. */
export interface ApiCall {
  /** What is being done, for messages and events: "purge 30 addresses of zone example.jp". */
  readonly doing: string;
  readonly method: string;
  readonly url: URL;
  /** The path and query as they are sent, where they must not be spelt anew as a URL does it (which encodes `^`). */
  readonly target?: string;
  /** The headers of one attempt; signed anew each time. `nowMs` is the time by the provider's clock. */
  headers(nowMs: number): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly body?: Buffer;
  /**
   * What is wrong with an answer, or undefined. A "transient" error is tried again after what Retry-After says, or with
   * growing pauses, as long as there is patience; one with the code "clock-skew" at once, by the provider's clock;
   * "credentials-doubtful" (kind auth) twice, since some providers say 401 by mistake. Others end the call.
   */
  judge(answer: Answer): SmartsyncError | undefined;
  /** Milliseconds to wait before the next attempt, where the answer says so in a way of its own. */
  retryAfter?(answer: Answer, nowMs: number): number | undefined;
}

/** The line to a provider's API. */
export interface Api extends AsyncDisposable {
  /** Makes a call with patience and gives its answer; throws what `judge` found, or what the line failed with. */
  call(call: ApiCall, ctx: Ctx): Promise<Answer>;
}

/** How an API is spoken to. */
export interface ApiOptions {
  /** The CDN's name in the configuration, for `retry` events. */
  readonly name: string;
  /** How long a call is tried again, in milliseconds; ten minutes when absent. */
  readonly patienceMs?: number;
  /** How long one attempt may be silent. */
  readonly timeoutMs?: number;
  /** Connections to each host, at most; 16 when absent. */
  readonly connections?: number;
}

/** Ten minutes: a provider's bad moment, not its bad day. */
const PATIENCE_MS = 600_000;
const SILENCE_MS = 30_000;
/** As many calls may be under way at once; those that follow each other use one connection. */
const CONNECTIONS = 16;

/** Opens the line; connects with the first call. */
export function openApi(options: ApiOptions): Api {
  const { name, patienceMs = PATIENCE_MS, timeoutMs = SILENCE_MS, connections = CONNECTIONS } = options;
  const line = openHttpLine(connections, timeoutMs);
  /** How much later it is by the provider's clock, once it has said that this one is wrong. */
  let skewMs = 0;

  async function attempt(call: ApiCall, ctx: Ctx): Promise<Attempt> {
    const { url, method, body } = call;
    try {
      const headers = await call.headers(ctx.clock.now() + skewMs);
      const length = { "content-length": String(body?.byteLength ?? 0) };
      const request = {
        method,
        path: call.target ?? `${url.pathname}${url.search}`,
        headers: { ...(method !== "GET" && length), ...headers },
        ...(body && { body }),
      };
      const answer = await line.send(url, request, ctx.signal);
      return { answer, error: call.judge(answer) };
    } catch (cause) {
      throwIfAborted(ctx.signal);
      return { error: lineError(call.doing, url.host, cause) };
    }
  }

  return {
    async call(call, ctx) {
      const until = ctx.clock.now() + patienceMs;
      let doubts = 0;
      for (let attempts = 1; ; attempts++) {
        const { answer, error } = await attempt(call, ctx);
        if (error === undefined && answer !== undefined) return answer;
        throwIfAborted(ctx.signal);
        const now = ctx.clock.now();
        if (error?.code === "clock-skew" && answer && skewMs === 0) {
          skewMs = skewOf(answer, now);
          if (skewMs !== 0) continue;
        }
        if (error?.code === "credentials-doubtful" && doubts++ === DOUBTS) throw asWrong(error);
        const pauseMs = pauseAfter(call, answer, now) ?? growingPause(attempts);
        if (error === undefined || !mayPass(error) || now + pauseMs > until) throw error;
        const waitSeconds = pauseMs / 1000;
        const reason = error.message.replace(`could not ${call.doing}: `, "");
        ctx.emit({
          type: "retry",
          target: name,
          doing: call.doing,
          attempt: attempts,
          waitSeconds,
          reason,
        });
        await pause(pauseMs, ctx);
      }
    },
    async [Symbol.asyncDispose]() {
      line.close();
    },
  };
}

interface Attempt {
  readonly answer?: Answer;
  readonly error: SmartsyncError | undefined;
}

/** How often a refusal that may be a mistake is doubted. */
const DOUBTS = 2;

function mayPass({ kind, code }: SmartsyncError): boolean {
  return kind === "transient" || code === "credentials-doubtful";
}

function asWrong({ message, cause }: SmartsyncError): SmartsyncError {
  const hint = "see whether the token or key was revoked, or nothing was cut off when it was copied";
  return new SmartsyncError(message, { kind: "auth", code: "credentials-wrong", hint, cause });
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Twice as long after each attempt, less up to half of it by chance, so that many don't come back at once. */
export function growingPause(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)) * (1 - Math.random() / 2);
}

function pauseAfter(call: ApiCall, answer: Answer | undefined, now: number): number | undefined {
  return answer && (call.retryAfter?.(answer, now) ?? readRetryAfter(answer.headers["retry-after"], now));
}

/** Waits so long; throws "aborted" as soon as the run is stopped. */
export async function pause(ms: number, { clock, signal }: Ctx): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/** The provider's time less this machine's, in milliseconds, by the Date header; 0 when it says none. */
function skewOf({ headers }: Answer, now: number): number {
  const theirs = Date.parse(headers.date ?? "");
  return Number.isNaN(theirs) ? 0 : theirs - now;
}

/**
 * How long an answer asks to wait, in milliseconds: seconds or a date
 * (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3). Undefined when it doesn't, or in no way that one can read.
 */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * What an answer's status says by itself: undefined for 2xx; "slow-down" (429), "server-error" (5xx, 408) as transient;
 * "credentials-wrong" (401), "permission-denied" (403), "cdn-not-found" (404), else "cdn-refused". `said` is the
 * provider's own message.
 */
export function judgeStatus({ status }: Answer, doing: string, said: string): SmartsyncError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const why = said === "" ? `the answer was ${status}` : `${shorten(said)} (${status})`;
  const [kind, code, hint] = KINDS[status] ?? (status >= 500 ? SERVER_ERROR : REFUSED);
  return new SmartsyncError(`could not ${doing}: ${why}`, { kind, code, ...(hint !== undefined && { hint }) });
}

type Judgement = readonly [kind: ErrorKind, code: string, hint?: string];

const SERVER_ERROR: Judgement = ["transient", "server-error"];
const REFUSED: Judgement = ["config", "cdn-refused", "the provider does not take this: see the settings of the CDN"];

const KINDS: Readonly<Partial<Record<number, Judgement>>> = {
  401: [
    "auth",
    "credentials-wrong",
    "see whether the token or key was revoked, or nothing was cut off when it was copied",
  ],
  403: ["auth", "permission-denied", "see which rights the token or key needs, in the documentation of this CDN"],
  404: ["not-found", "cdn-not-found", "see whether the names and ids in the CDN's settings are right"],
  408: SERVER_ERROR,
  429: ["transient", "slow-down"],
};

const LONGEST_REASON = 300;

/** One line of what a provider said, however much it was. */
function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}
