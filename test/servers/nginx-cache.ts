import { join } from "node:path";
import type { CacheNode, CacheOptions } from "./cache-node.ts";
import { adapt, docSnippet } from "./doc-snippet.ts";
import { startNginxWith } from "./nginx.ts";

const PAGE = "cdns/nginx.md";

function configure({ origin, hostHeader, secret }: CacheOptions, scratch: string, port: number): string {
  let site = adapt(docSnippet(PAGE, "nginx"), "/var/cache/nginx/www", join(scratch, "cache"));
  site = adapt(site, "listen 80;", `listen 127.0.0.1:${port};`);
  // A path after the origin would stand before every address, and an origin without one leaves addresses as they came.
  site = adapt(site, "http://127.0.0.1:8080", origin.pathname === "/" ? origin.origin : origin.href);
  if (hostHeader !== undefined) site = adapt(site, "Host $host;", `Host ${hostHeader};`);
  if (secret !== undefined) {
    const check = adapt(docSnippet(PAGE, "nginx", 1), "change me", secret);
    site = adapt(site, "    proxy_cache_purge", `${check}    proxy_cache_purge`);
  }
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `load_module /usr/lib/nginx/modules/ngx_http_cache_purge_module.so;
worker_processes 2;
pid ${join(scratch, "pid")};
error_log stderr warn;
user daemon daemon;
events { worker_connections 512; }
http {
  access_log off;
${folders.map((name) => `  ${name}_temp_path ${join(scratch, name)};`).join("\n")}
${site}
}
`;
}

/** Starts nginx as a cache, with the configuration of the documentation. */
export function startNginxCache(options: CacheOptions): Promise<CacheNode> {
  return startNginxWith((scratch, port) => configure(options, scratch, port));
}
