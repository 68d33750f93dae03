import type { PurgeItem } from "../../src/core/purge-rules.ts";

/** An invalidation never has more paths than this for s3deploy, unless it is one path for everything. */
const FEW = 8;

/**
 * What s3deploy asks CloudFront to drop, in one request (https://github.com/bep/s3deploy, lib/cloudfront.go): a changed
 * index file at its directory alone, anything else at its own path. Beyond eight, deepest first, all that lies so deep
 * becomes a wildcard one directory further up, until there are eight or fewer; else everything.
 */
export function likeS3deploy(changed: readonly string[]): PurgeItem[] {
  // Only the ending of a name is looked at: for "myindex.html" it is the directory as well.
  let paths = [...new Set(changed.map((path) => `/${path}`.replace(/[^/]*index\.html$/, "")))].sort();
  for (let depth = Math.max(0, ...changed.map(depthOf)); paths.length > FEW && depth > 0; depth--) {
    paths = [...new Set(paths.map((path) => (slashesIn(path) > depth ? wildcardAbove(path) : path)))];
  }
  if (paths.length > FEW || paths.includes("/*")) return [{ kind: "everything" }];
  return paths.map((path) =>
    path.endsWith("*") ? { kind: "directory", path: path.slice(0, -1) } : { kind: "exact", path: encodeURI(path) },
  );
}

/** What hugo deploy asks CloudFront and Cloud CDN to drop after any run (https://gohugo.io/hosting-and-deployment/hugo-deploy/). */
export function likeHugo(): PurgeItem[] {
  return [{ kind: "everything" }];
}

function depthOf(path: string): number {
  return slashesIn(`/${path}`);
}

function slashesIn(path: string): number {
  return path.split("/").length - 1;
}

/** "/a/b/c.html" → "/a/*"; right below the root, the directory itself: "/a/b.html" → "/a/*". */
function wildcardAbove(path: string): string {
  const directories = path.split("/").slice(1, -1);
  const kept = directories.length > 1 ? directories.slice(0, -1) : directories;
  return kept.length === 0 ? "/*" : `/${kept.join("/")}/*`;
}
