import type { ObjectStore } from "./object-store.ts";

/** Where a site and smartsync's own records lie. */
export interface ObjectPlace {
  /** The target's name in the configuration, for events. */
  readonly name: string;
  readonly store: ObjectStore;
  /** Before every key of the site: "" or "docs/". */
  readonly prefix: string;
  /** The bucket of the records, which may be another, and what stands before their keys: ".smartsync/". */
  readonly state: { readonly store: ObjectStore; readonly prefix: string };
}
