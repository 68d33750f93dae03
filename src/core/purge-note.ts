import { z } from "zod";
import type { RelPath } from "./rel-path.ts";
import { seal, unseal } from "./sealed.ts";
import { moment, parseStored, relPath } from "./stored.ts";

/** What a CDN is to drop: these paths, as visitors are to see their content, headers or absence; or all of the site. */
export type PurgeScope = ReadonlySet<RelPath> | "everything";

/** The purges that a run owes, written on its targets before a visitor can see anything of it. */
export interface PurgeNote {
  readonly format: 1;
  readonly run: string;
  readonly at: string;
  readonly site: string;
  /** What each CDN, by its name in the configuration, is to drop. */
  readonly cdns: Readonly<Record<string, readonly RelPath[] | "everything">>;
}

const noteSchema = z.strictObject({
  format: z.literal(1),
  run: z.string().min(1),
  at: moment,
  site: z.string(),
  cdns: z.record(z.string(), z.union([z.array(relPath), z.literal("everything")])),
});

/** Writes a note, sealed. */
export function encodePurgeNote(note: PurgeNote): Uint8Array {
  return seal(JSON.stringify(note));
}

/** Reads a note. Throws when it is damaged or anything else. */
export function parsePurgeNote(bytes: Uint8Array): PurgeNote {
  return parseStored("the note of a purge", JSON.parse(unseal(bytes)), noteSchema);
}

/** What is to be dropped for all of these together. */
export function joinScopes(scopes: Iterable<PurgeScope>): PurgeScope {
  const paths = new Set<RelPath>();
  for (const scope of scopes) {
    if (scope === "everything") return scope;
    for (const path of scope) paths.add(path);
  }
  return paths;
}

/** True when nothing is to be dropped. */
export function isEmptyScope(scope: PurgeScope): boolean {
  return scope !== "everything" && scope.size === 0;
}
