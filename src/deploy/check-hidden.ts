import { SmartsyncError } from "../lib/errors.ts";
import { type Finding, ok } from "./check.ts";

const PATIENCE_MS = 15_000;

const APART =
  "keep the records apart: statePath in a folder outside the document root; for a bucket, stateBucket or stateContainer";

/**
 * Whether visitors can fetch smartsync's own files: `webPath` is where they lie below the document root (undefined
 * when outside), `name` and `content` a file that is there now, `url` the site's address.
 */
export async function checkHidden(
  webPath: string | undefined,
  name: string,
  content: Uint8Array,
  url: string | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  if (webPath === undefined) return ok("outside the document root");
  if (url === undefined) {
    const hint = `set the site's url, so that this can be checked, or ${APART}`;
    return { outcome: "warning", detail: `inside the document root, at /${webPath}`, hint };
  }
  const address = new URL(`${webPath}/${name}`, url.endsWith("/") ? url : `${url}/`);
  const answer = await get(address, signal);
  if (typeof answer === "string") {
    return {
      outcome: "warning",
      detail: `${address} could not be asked for: ${answer}`,
      hint: "check it in a browser",
    };
  }
  const shown = answer.ok && Buffer.compare(new Uint8Array(await answer.arrayBuffer()), content) === 0;
  if (!shown) return ok(`${address} answers ${answer.status}`);
  throw new SmartsyncError(`visitors can read smartsync's records at ${address}`, {
    kind: "config",
    code: "state-visible",
    hint: `${APART}, or deny access to them in the web server or the CDN`,
  });
}

/** The answer, or why there was none. */
async function get(address: URL, signal: AbortSignal): Promise<Response | string> {
  try {
    return await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
