import type { Ctx } from "../../core/context.ts";
import { throwIfAborted } from "../../lib/abort.ts";
import { growingPause, pause } from "../api.ts";
import { cloudFrontError, type Deed, isClockCorrected } from "./cloudfront-error.ts";

/** What the SDK is told for one request. */
interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/** Twenty minutes: invalidations under way mostly end within a few, and the next one has to wait for them. */
const PATIENCE_MS = 20 * 60_000;
/** How long to wait for one of them to end, at least. */
const QUEUE_PAUSE_MS = 20_000;
const SILENCE_MS = 30_000;

/**
 * Has the SDK send a request, with patience: again after growing pauses, told as `retry`, when CloudFront asks for it or
 * the line is cut, and at once when the SDK has just learned that the clocks differ.
 */
export async function callPatiently<Output>(
  name: string,
  deed: Deed,
  send: (options: SendOptions) => Promise<Output>,
  ctx: Ctx,
): Promise<Output> {
  const until = ctx.clock.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(ctx.signal);
    try {
      return await sendOnce(send, ctx);
    } catch (cause) {
      throwIfAborted(ctx.signal);
      const error = cloudFrontError(cause, deed);
      const least = error.code === "purges-under-way" ? QUEUE_PAUSE_MS : 0;
      const pauseMs = Math.max(least, growingPause(attempt));
      if (error.kind !== "transient" || ctx.clock.now() + pauseMs > until) throw error;
      const { doing } = deed;
      ctx.emit({ type: "retry", target: name, doing, attempt, waitSeconds: pauseMs / 1000, reason: error.message });
      await pause(pauseMs, ctx);
    }
  }
}

async function sendOnce<Output>(send: (options: SendOptions) => Promise<Output>, { signal }: Ctx): Promise<Output> {
  const once = async () => {
    const silence = AbortSignal.timeout(SILENCE_MS);
    try {
      return await send({ abortSignal: AbortSignal.any([signal, silence]) });
    } catch (cause) {
      // The SDK says "aborted" whoever it was.
      throw silence.aborted ? silence.reason : cause;
    }
  };
  try {
    return await once();
  } catch (cause) {
    if (!isClockCorrected(cause)) throw cause;
    return once();
  }
}
