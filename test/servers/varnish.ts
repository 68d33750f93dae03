import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CacheNode, CacheOptions } from "./cache-node.ts";
import { adapt, docSnippet } from "./doc-snippet.ts";
import { startInScratch } from "./scratch-server.ts";

const PAGE = "cdns/varnish.md";

function configure({ origin, secret }: Omit<CacheOptions, "hostHeader">): string {
  const backend = `.host = "${origin.hostname}";\n  .port = "${origin.port}";`;
  const vcl = adapt(docSnippet(PAGE, "vcl"), /\.host = .*;\n *\.port = .*;/, backend);
  if (secret === undefined) return vcl;
  const check = adapt(docSnippet(PAGE, "vcl", 1), "change me", secret);
  return adapt(vcl, '    if (req.method == "PURGE") {', `${check}    if (req.method == "PURGE") {`);
}

/** Starts Varnish with the VCL of the documentation, its cache in memory. */
export async function startVarnish(options: Omit<CacheOptions, "hostHeader">): Promise<CacheNode> {
  const server = await startInScratch("varnish", (scratch, { control }) => {
    const vcl = join(scratch, "site.vcl");
    writeFileSync(vcl, configure(options));
    return {
      argv: [
        ...["varnishd", "-F", "-n", join(scratch, "work"), "-f", vcl, "-a", `127.0.0.1:${control}`],
        ...["-T", "none", "-s", "default,64m", "-j", "none"],
      ],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    };
  });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}
