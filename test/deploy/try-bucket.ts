import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { observe } from "../../src/deploy/observe.ts";
import { type ServingRules, serveSite } from "../../src/site/serve-site.ts";
import type { Source } from "../../src/site/source.ts";
import { createMemorySource } from "../doubles/memory-source.ts";
import type { MemoryServer } from "../doubles/memory-target.ts";
import { testCtx } from "../doubles/test-ctx.ts";
import { NO_CACHE } from "./try-delivery.ts";

/** Pages are compressed on their way; everything else is sent as it is. */
export const RULES: ServingRules = { headers: [{ match: ["**/*.html"], compress: "gzip" }], cleanUrls: "none" };

/** The same, with other headers for texts. */
export const NEW_RULES: ServingRules = {
  ...RULES,
  headers: [...RULES.headers, { match: ["**/*.txt"], cacheControl: "max-age=60" }],
};

/** A page that is long enough to be compressed. */
export function page(text: string): string {
  return `<h1>${text}</h1>\n<p>${text.repeat(400)}</p>\n`;
}

/** A site as a bucket is given it. */
export function servedSource(content: Record<string, string>, rules = RULES): Source {
  return serveSite(createMemorySource(content), rules).source;
}

/** What visitors of a bucket get, as text by path. */
export function visited(server: MemoryServer): Record<string, string> {
  const files = [...server.files].map(([path, { content, serving }]): [string, string] => {
    return [path, Buffer.from(serving?.compress === "gzip" ? gunzipSync(content) : content).toString()];
  });
  return Object.fromEntries(files);
}

/** Fills a bucket as another tool does: no etag, no headers, nothing beside the objects. */
export function fillByOtherTool(server: MemoryServer, content: Record<string, string>): void {
  for (const [path, text] of Object.entries(content)) {
    server.files.set(path, { content: Buffer.from(text), mtimeMs: Date.UTC(2025, 0, 1), mode: 0o644 });
  }
}

/** Every file the records of a bucket are sure of is there just so: its content, its headers, its etag. */
export async function expectTrueBucket(server: MemoryServer, when = ""): Promise<void> {
  const { snapshot } = await observe(server.openBucket("s3"), NO_CACHE, testCtx());
  for (const { path, sha256, serving, etag } of snapshot.files.values()) {
    if (sha256 === null) continue;
    const content = visited(server)[path] ?? "";
    expect(createHash("sha256").update(content).digest("hex"), `${when}: ${path}`).toBe(sha256);
    expect(server.files.get(path)?.serving?.hash, `${when}: headers of ${path}`).toBe(serving);
    expect(server.files.get(path)?.etag, `${when}: etag of ${path}`).toBe(etag);
  }
}
