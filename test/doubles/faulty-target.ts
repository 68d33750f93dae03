import type { SmartsyncError } from "../../src/lib/errors.ts";
import type { StateStore, Target } from "../../src/targets/target.ts";

/** The name of a target's call that can be made to fail. */
export type Call = Exclude<keyof Target, "caps" | "state" | symbol> | `state.${keyof StateStore}`;

/** One thing that goes wrong. */
export interface Fault {
  readonly call: Call;
  /** Which call of that name: 1 is the first. Counted over every target the faults are laid on. */
  readonly nth: number;
  /** "before": nothing happens but the failure. "after": it takes effect, and only the answer is lost. */
  readonly when: "before" | "after";
  readonly error: SmartsyncError;
}

/** Faults laid on one or more targets, and what became of them. */
export interface Faults {
  /** The target, failing as told. */
  on(target: Target): Target;
  /** How often each call was made so far, failed ones included. */
  readonly made: ReadonlyMap<Call, number>;
  /** The faults that have happened. One that never does proves nothing: tests expect all of them. */
  readonly fired: ReadonlySet<Fault>;
}

/** Prepares faults; with none it counts the calls of a good run, which says what there is to fail. */
export function layFaults(faults: readonly Fault[] = []): Faults {
  const made = new Map<Call, number>();
  const fired = new Set<Fault>();

  async function through<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const nth = (made.get(call) ?? 0) + 1;
    made.set(call, nth);
    const fault = faults.find((candidate) => candidate.call === call && candidate.nth === nth);
    if (fault === undefined) return work();
    if (fault.when === "after") await work();
    fired.add(fault);
    throw fault.error;
  }

  return { on: (target) => failing(target, through), made, fired };
}

/** A fault for every call that a good run made, both before and after its effect. */
export function everyFault(made: ReadonlyMap<Call, number>, error: SmartsyncError): Fault[] {
  const whens = ["before", "after"] as const;
  return [...made].flatMap(([call, times]) =>
    Array.from({ length: times }, (_, i) => whens.map((when) => ({ call, nth: i + 1, when, error }))).flat(),
  );
}

type Through = <T>(call: Call, work: () => Promise<T>) => Promise<T>;

function failing(target: Target, through: Through): Target {
  return {
    ...target,
    state: failingState(target.state, through),
    async *list(prefix, ctx) {
      yield* await through("list", () => Array.fromAsync(target.list(prefix, ctx)));
    },
    get: (path, ctx) => through("get", () => target.get(path, ctx)),
    put: (file, body, ctx) => through("put", () => target.put(file, body, ctx)),
    makeDirs: (dirs, ctx) => through("makeDirs", () => target.makeDirs(dirs, ctx)),
    remove: (paths, ctx, done) => through("remove", () => target.remove(paths, ctx, done)),
    removeDirs: (dirs, ctx) => through("removeDirs", () => target.removeDirs(dirs, ctx)),
    sweep: (paths, ctx) => through("sweep", () => target.sweep(paths, ctx)),
  };
}

function failingState(state: StateStore, through: Through): StateStore {
  return {
    place: state.place,
    read: (name, ctx) => through("state.read", () => state.read(name, ctx)),
    write: (name, content, ctx) => through("state.write", () => state.write(name, content, ctx)),
    remove: (names, ctx) => through("state.remove", () => state.remove(names, ctx)),
    list: (ctx) => through("state.list", () => state.list(ctx)),
    takeLock: (owner, ctx) => through("state.takeLock", () => state.takeLock(owner, ctx)),
    readLock: (ctx) => through("state.readLock", () => state.readLock(ctx)),
    writeLock: (owner, ctx) => through("state.writeLock", () => state.writeLock(owner, ctx)),
    dropLock: (ctx) => through("state.dropLock", () => state.dropLock(ctx)),
  };
}
