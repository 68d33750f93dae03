import { z } from "zod";
import type { PurgeItem, PurgeRules } from "../core/purge-rules.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings } from "./cdn-settings.ts";
import {
  countNodes,
  dropExactly,
  ITEMS_IN_BATCH,
  type NodeRequest,
  nodeSettings,
  openPurgeNodes,
  probeItem,
} from "./purge-nodes.ts";

const SET_UP =
  "give each node's VCL, in vcl_recv: if (req.method == \"PURGE\" && client.ip ~ purgers) { return (purge); } with this machine's address in `acl purgers`: see docs/cdns/varnish.md";

/** Varnish: PURGE of each address, and BAN of folders and tags, sent to every node. */
export const varnishCdn = defineCdn({
  type: "varnish",
  schema: z.strictObject({
    type: z.literal("varnish"),
    ...cdnSettings,
    ...nodeSettings,
    bans: z
      .boolean()
      .default(false)
      .describe(
        "Whether the nodes take BAN for folders and tags: that takes a VCL that knows X-Ban-Url and X-Ban-Tag.",
      ),
  }),
  describe: (config) => `Varnish on ${countNodes(config)}`,
  async open(config, options) {
    const { method, bans } = config;
    const nodes = openPurgeNodes(config, options, SET_UP);
    const site = probeItem(config);
    return {
      rules: rulesOf(bans),
      async purge({ items }, ctx) {
        await nodes.send(
          items.map((item) => (item.kind === "exact" ? dropExactly(item, method) : ban(item, site))),
          ctx,
        );
        return {};
      },
      async examine(ctx) {
        const nothing: NodeRequest[] = bans ? [ban({ ...site, kind: "directory" }, site)] : [];
        await nodes.send([dropExactly(site, method), ...nothing], ctx);
        return [`${countNodes(config)}, ${method}${bans ? " and BAN are" : " is"} taken`];
      },
      [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
    };
  },
});

/**
 * There is no item for everything: the cache may have other sites too, so that all of this one is its root's directory.
 * https://varnish-cache.org/docs/7.1/users-guide/purging.html
 */
function rulesOf(bans: boolean): PurgeRules {
  const many = { perRequest: ITEMS_IN_BATCH };
  return {
    names: "addresses",
    kinds: bans ? { exact: many, directory: many, tag: many } : { exact: many },
    mixes: true,
    spelling: "as-requested",
  };
}

/** The text becomes part of a regular expression in the node's list of bans, so that no character may mean more there. */
function ban(item: PurgeItem, site: Extract<PurgeItem, { path: string }>): NodeRequest {
  const { origin = "" } = item.kind === "directory" ? item : site;
  if (item.kind === "directory") return banRequest(origin, { "x-ban-url": `^${escapeRegex(item.path)}` });
  if (item.kind === "tag") return banRequest(origin, { "x-ban-tag": escapeRegex(item.tag) });
  throw new Error(`Varnish is not asked for ${item.kind} by BAN`);
}

function banRequest(origin: string, headers: Readonly<Record<string, string>>): NodeRequest {
  return { method: "BAN", origin, path: "/", headers, absent: [] };
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
