import { foldingOf, type NameRules } from "../../src/core/names.ts";
import type { Plan } from "../../src/core/plan.ts";
import { parentsOf } from "../../src/core/rel-path.ts";
import type { RemoteSnapshot } from "../../src/core/snapshot.ts";

/** A target in memory that is as strict as a file system: no file where a directory is, nothing inside a file. */
export class ModelTarget {
  /** The SHA-256 of each file, by its folded path; null is content nobody knows. */
  readonly files = new Map<string, string | null>();
  readonly #directories = new Set<string>();
  readonly #fold: (path: string) => string;

  constructor(holding: RemoteSnapshot, rules: NameRules) {
    this.#fold = foldingOf(rules);
    for (const { path, sha256 } of holding.files.values()) this.#put(path, sha256);
  }

  /** Carries the plan out, phase by phase; throws where a real target would have to refuse a step. */
  carryOut(plan: Plan): void {
    for (const phase of plan.phases) {
      for (const change of phase.changes) {
        if (change.kind === "put") this.#put(change.file.path, change.file.sha256);
        else this.files.delete(this.#fold(change.path));
      }
      if (phase.name === "deletions")
        for (const directory of plan.emptied) this.#removeDirectory(this.#fold(directory));
    }
  }

  /** What is there under a path: a hash, null for the unknown, undefined for nothing. */
  read(path: string): string | null | undefined {
    return this.files.get(this.#fold(path));
  }

  #put(path: string, sha256: string | null): void {
    const name = this.#fold(path);
    if (this.#directories.has(name)) throw new Error(`${path} is a directory`);
    for (const parent of parentsOf(name)) {
      if (this.files.has(parent)) throw new Error(`${parent} is a file, so ${path} can't be made`);
      this.#directories.add(parent);
    }
    this.files.set(name, sha256);
  }

  #removeDirectory(name: string): void {
    const inside = [...this.files.keys(), ...this.#directories].some((other) => other.startsWith(`${name}/`));
    if (!inside) this.#directories.delete(name);
  }
}
