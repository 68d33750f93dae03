import type { KeyPath } from "./problem.ts";

/** Says where a key of one part of the configuration is written: "smartsync.yaml:12:5 targets.web1.password". */
export type Origin = (path: KeyPath) => string;

const origins = new WeakMap<object, Origin>();

/** Remembers where a part of the configuration came from, so that a problem found later can still name its line. */
export function rememberOrigin(part: object, origin: Origin): void {
  origins.set(part, origin);
}

/** Where a part of the configuration came from; undefined when it was not read from a file. */
export function originOf(part: object): Origin | undefined {
  return origins.get(part);
}
