import { z } from "zod";
import { parseRelPath } from "../../../core/rel-path.ts";

const sharedPath = z
  .string()
  .transform((text) => text.replace(/^\/+|\/+$/g, ""))
  .refine((path) => parseRelPath(path) !== undefined, 'must be a path below the document root, such as "uploads"');

/** The settings of a target that can keep releases, besides those that every SSH target has. */
export const releasesFields = {
  releases: z
    .boolean()
    .default(false)
    .describe("Build every delivery as a whole new release and switch to it in one step. Needs a shell account."),
  keep: z.int().min(1).max(1000).default(5).describe("With `releases`: how many old ones are kept to roll back to."),
  shared: z
    .array(sharedPath)
    .default([])
    .refine(standApart, "none of them may lie inside another, or be named twice")
    .describe('With `releases`: what the server itself writes (["uploads"]): the same in all, never delivered.'),
  releasesPath: z
    .string()
    .startsWith("/")
    .optional()
    .describe("With `releases`: where they lie on the server; `<path>.releases` when absent."),
};

const releasesSettings = z.strictObject(releasesFields);

/** The settings for releases after parsing. */
export type ReleasesSettings = z.output<typeof releasesSettings>;

function standApart(paths: readonly string[]): boolean {
  return paths.every((path, at) =>
    paths.every((other, i) => i === at || (other !== path && !other.startsWith(`${path}/`))),
  );
}
