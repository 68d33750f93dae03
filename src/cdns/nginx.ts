import { z } from "zod";
import type { PurgeRules } from "../core/purge-rules.ts";
import { defineCdn } from "./cdn.ts";
import { cdnSettings } from "./cdn-settings.ts";
import { countNodes, dropExactly, ITEMS_IN_BATCH, nodeSettings, openPurgeNodes, probeItem } from "./purge-nodes.ts";

/** The module drops what has one key (https://github.com/FRiCKLE/ngx_cache_purge): no folders, not everything. */
const RULES: PurgeRules = {
  names: "addresses",
  kinds: { exact: { perRequest: ITEMS_IN_BATCH } },
  spelling: "as-requested",
};

const SET_UP =
  "nginx.conf of each node needs: if ($request_method = PURGE) { rewrite ^ /.purge last; } location = /.purge { internal; allow <this machine's address>; deny all; proxy_cache_purge <zone> <the key of proxy_cache_key>; } and the module ngx_http_cache_purge_module: see docs/cdns/nginx.md";

/** nginx as a cache, with the module ngx_cache_purge: PURGE of each address, sent to every node. */
export const nginxCdn = defineCdn({
  type: "nginx",
  schema: z.strictObject({ type: z.literal("nginx"), ...cdnSettings, ...nodeSettings }),
  describe: (config) => `nginx on ${countNodes(config)}`,
  async open(config, options) {
    const { method } = config;
    const nodes = openPurgeNodes(config, options, SET_UP);
    return {
      rules: RULES,
      async purge({ items }, ctx) {
        await nodes.send(
          items.map((item) => dropExactly(item, method)),
          ctx,
        );
        return {};
      },
      async examine(ctx) {
        await nodes.send([dropExactly(probeItem(config), method)], ctx);
        return [`${countNodes(config)}, ${method} is taken`];
      },
      [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
    };
  },
});
