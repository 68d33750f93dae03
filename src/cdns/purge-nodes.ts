import { z } from "zod";
import type { Ctx } from "../core/context.ts";
import type { PurgeItem } from "../core/purge-rules.ts";
import { throwIfAborted } from "../lib/abort.ts";
import { SmartsyncError, toSmartsyncError } from "../lib/errors.ts";
import { forEachAtOnce } from "../lib/for-each.ts";
import type { Answer } from "../lib/http-line.ts";
import { judgeStatus, openApi } from "./api.ts";
import type { OpenCdnOptions } from "./cdn.ts";
import type { CdnSettings } from "./cdn-settings.ts";

const nodeAddress = z
  .url({ protocol: /^https?$/, error: "must be an address such as http://10.0.0.1:6081" })
  .refine((text) => new URL(text).pathname === "/", "must end with the port: what is purged is known from the site")
  .transform((text) => new URL(text).origin);

/** A node that is not set up passes a request on: these would get, change or delete a page there. */
const http = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/** The settings of caches that people run themselves, to be spread into their schemas. */
export const nodeSettings = {
  nodes: z
    .array(nodeAddress)
    .min(1)
    .describe("The address of every node, as it is reached from here: each has a cache of its own, and is purged."),
  method: z
    .string()
    .regex(/^[A-Z]+$/, "must be in capital letters, such as PURGE")
    .refine((text) => !http.includes(text), "must be one that means nothing to the server behind the node")
    .default("PURGE")
    .describe("The method that drops one address, as the nodes are set up."),
  secret: z
    .string()
    .min(1)
    .optional()
    .describe("Sent with every purge, where the nodes ask for it; name a secret: ${env:PURGE_SECRET}."),
  header: z
    .string()
    .regex(/^[\w-]+$/, "must be the name of a header")
    .default("X-Purge-Secret")
    .describe("The header that has the secret."),
  connections: z.int().min(1).max(256).default(16).describe("Connections to each node."),
};

type NodeSettings = z.output<z.ZodObject<typeof nodeSettings>>;

/**
 * Items in one batch: each is a request of its own, so that a batch has no limit; all that a site has belongs in one,
 * since a node that fails ends a purge with the batch in which it did, for those that work too.
 */
export const ITEMS_IN_BATCH = 100_000;

/** What every node is asked for. */
export interface NodeRequest {
  readonly method: string;
  /** The site's, as visitors have it: "https://www.example.jp". */
  readonly origin: string;
  /** As it is sent, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that mean that there was nothing to drop. */
  readonly absent: readonly number[];
}

/** Asks for one address to be dropped; 404, and 412 from newer purge modules of nginx, say that it was not cached. */
export function dropExactly(item: PurgeItem, method: string): NodeRequest {
  if (item.kind !== "exact" || item.origin === undefined) throw new Error("a node is told whole addresses");
  return { method, origin: item.origin, path: item.path, absent: [404, 412] };
}

/** An address of the site that is never there, so that dropping it drops nothing. */
export function probeItem({ baseUrls, nodes }: CdnSettings & NodeSettings): Extract<PurgeItem, { path: string }> {
  const { origin, pathname } = new URL(baseUrls?.[0] ?? nodes[0] ?? "");
  return { kind: "exact", origin, path: `${pathname}.smartsync-probe` };
}

/** "2 nodes", for people. */
export function countNodes({ nodes }: NodeSettings): string {
  return nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
}

/** The nodes of a cache. */
export interface PurgeNodes extends AsyncDisposable {
  /**
   * Sends every request to every node, with patience. A node that fails keeps the others from nothing: they get all of
   * it before the failure is thrown, which names the node.
   */
  send(requests: readonly NodeRequest[], ctx: Ctx): Promise<void>;
}

/** Two minutes: a node that restarts is back by then, and one that is switched off must not hold up the delivery. */
const PATIENCE_MS = 120_000;
const SILENCE_MS = 10_000;

/** Opens the line to the nodes; `setUp` says how a node is set up that does not know the method. */
export function openPurgeNodes(settings: NodeSettings, { name }: OpenCdnOptions, setUp: string): PurgeNodes {
  const { nodes, secret, header, connections } = settings;
  const api = openApi({ name, connections, patienceMs: PATIENCE_MS, timeoutMs: SILENCE_MS });

  async function ask(node: string, { method, origin, path, headers, absent }: NodeRequest, ctx: Ctx): Promise<void> {
    const { protocol, host } = new URL(origin);
    const doing = `${method} ${origin}${path} on ${node}`;
    await api.call(
      {
        doing,
        method,
        url: new URL(node),
        target: path,
        headers: () => ({
          host,
          "x-forwarded-proto": protocol.slice(0, -1),
          ...(secret !== undefined && { [header.toLowerCase()]: secret }),
          ...headers,
        }),
        judge: (answer) => (absent.includes(answer.status) ? undefined : judgeNode(answer, doing, setUp)),
      },
      ctx,
    );
  }

  /** The first by itself: a node that is down is told, and waited for, once. */
  async function sendTo(node: string, [first, ...others]: readonly NodeRequest[], ctx: Ctx): Promise<void> {
    if (first === undefined) return;
    await ask(node, first, ctx);
    await forEachAtOnce(others, connections, (request) => ask(node, request, ctx));
  }

  return {
    async send(requests, ctx) {
      const sent = await Promise.allSettled(nodes.map((node) => sendTo(node, requests, ctx)));
      throwIfAborted(ctx.signal);
      const failures = sent.flatMap((one) => (one.status === "rejected" ? [toSmartsyncError(one.reason)] : []));
      if (failures.length > 0) throw join(failures, nodes.length);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

/** What a node says that was not set up for purging: it has the origin answer, sends visitors elsewhere, or forbids it. */
const NOT_TAKEN = [301, 302, 307, 308, 403, 404, 405, 412, 501];

function judgeNode(answer: Answer, doing: string, setUp: string): SmartsyncError | undefined {
  const error = judgeStatus(answer, doing, "");
  if (error === undefined) return undefined;
  const { message } = error;
  if (answer.status === 401) {
    const hint = "see `secret`, and `header`, which has to be the one that the nodes look at";
    return new SmartsyncError(message, { kind: "auth", code: "credentials-wrong", hint });
  }
  if (!NOT_TAKEN.includes(answer.status)) return error;
  return new SmartsyncError(message, { kind: "auth", code: "permission-denied", hint: setUp });
}

/** One failure of all: what does not pass by itself first. */
function join(failures: readonly SmartsyncError[], nodes: number): SmartsyncError {
  const [worst] = failures.toSorted((a, b) => Number(a.kind === "transient") - Number(b.kind === "transient"));
  if (worst === undefined) throw new Error("there is no failure");
  const { kind, code, hint } = worst;
  const others = nodes - failures.length;
  const rest = others === 0 ? "" : ` (the other ${others === 1 ? "node was" : `${others} nodes were`} purged)`;
  const message = `${failures.map((failure) => failure.message).join("; ")}${rest}`;
  return new SmartsyncError(message, { kind, code, ...(hint !== undefined && { hint }), cause: worst });
}
