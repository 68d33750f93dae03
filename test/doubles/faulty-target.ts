import type { SmartsyncError } from "../../src/lib/errors.ts";
import type { Stage, StateStore, Target } from "../../src/targets/target.ts";

/** The name of a target's call that can be made to fail. */
export type Call =
  | Exclude<keyof Target, "caps" | "state" | "releases" | "hooks" | symbol>
  | `state.${keyof StateStore}`
  | `stage.${Exclude<keyof Stage, symbol>}`
  // A change that has become visible while a stage is published, before and after that is told.
  | "stage.publish one"
  | "stage.dispose";

/** One thing that goes wrong. */
export interface Fault {
  readonly call: Call;
  /** Which call of that name: 1 is the first. Counted over every target the faults are laid on. */
  readonly nth: number;
  /** "before": nothing happens but the failure. "after": it takes effect, and only the answer is lost. */
  readonly when: "before" | "after";
  readonly error: SmartsyncError;
  /** From then on every call fails before it does anything: the line, or the process, is gone. */
  readonly forGood?: boolean;
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

  function next(call: Call): Fault | undefined {
    const nth = (made.get(call) ?? 0) + 1;
    made.set(call, nth);
    const end = faults.find((fault) => fault.forGood && fired.has(fault));
    if (end !== undefined) return { ...end, when: "before" };
    return faults.find((candidate) => candidate.call === call && candidate.nth === nth);
  }

  async function through<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const fault = next(call);
    if (fault === undefined) return work();
    if (fault.when === "after") await work();
    fired.add(fault);
    throw fault.error;
  }

  function tell(call: Call, work: () => void): void {
    const fault = next(call);
    if (fault?.when !== "before") work();
    if (fault === undefined) return;
    fired.add(fault);
    throw fault.error;
  }

  return { on: (target) => failing(target, { through, tell }), made, fired };
}

/** A fault for every call that a good run made, both before and after its effect. */
export function everyFault(made: ReadonlyMap<Call, number>, error: SmartsyncError): Fault[] {
  const whens = ["before", "after"] as const;
  return [...made].flatMap(([call, times]) =>
    Array.from({ length: times }, (_, i) => whens.map((when) => ({ call, nth: i + 1, when, error }))).flat(),
  );
}

/** The two ways a call goes past its faults: one that is awaited, and one that only tells. */
interface Laid {
  through<T>(call: Call, work: () => Promise<T>): Promise<T>;
  tell(call: Call, work: () => void): void;
}

function failing(target: Target, laid: Laid): Target {
  const { stage, survey, describe, serveAs } = target;
  const { through } = laid;
  return {
    ...target,
    state: failingState(target.state, laid),
    async *list(prefix, ctx) {
      yield* await through("list", () => Array.fromAsync(target.list(prefix, ctx)));
    },
    get: (path, ctx) => through("get", () => target.get(path, ctx)),
    put: (file, body, ctx) => through("put", () => target.put(file, body, ctx)),
    makeDirs: (dirs, ctx) => through("makeDirs", () => target.makeDirs(dirs, ctx)),
    remove: (paths, ctx, done) => through("remove", () => target.remove(paths, ctx, done)),
    removeDirs: (dirs, ctx) => through("removeDirs", () => target.removeDirs(dirs, ctx)),
    sweep: (paths, ctx) => through("sweep", () => target.sweep(paths, ctx)),
    ...(survey && { survey: (known, ctx) => through("survey", () => survey(known, ctx)) }),
    ...(describe && { describe: (path, ctx) => through("describe", () => describe(path, ctx)) }),
    ...(serveAs && { serveAs: (file, etag, ctx) => through("serveAs", () => serveAs(file, etag, ctx)) }),
    ...(stage && {
      stage: async (run, ctx) => failingStage(await through("stage", () => stage(run, ctx)), laid),
    }),
  };
}

function failingStage(stage: Stage, { through, tell }: Laid): Stage {
  const { putMany } = stage;
  return {
    put: (file, body, ctx) => through("stage.put", () => stage.put(file, body, ctx)),
    ...(putMany && {
      putMany: (files, ctx, report) => through("stage.putMany", () => putMany(files, ctx, report)),
    }),
    prepare: (publication, ctx) => through("stage.prepare", () => stage.prepare(publication, ctx)),
    publish: (ctx, done) =>
      through("stage.publish", () =>
        stage.publish(ctx, (change, result) => tell("stage.publish one", () => done(change, result))),
      ),
    revert: (ctx) => through("stage.revert", () => stage.revert(ctx)),
    [Symbol.asyncDispose]: () => through("stage.dispose", async () => stage[Symbol.asyncDispose]()),
  };
}

function failingState(state: StateStore, { through }: Laid): StateStore {
  return {
    place: state.place,
    read: (name, ctx) => through("state.read", () => state.read(name, ctx)),
    write: (name, content, ctx, mayReplace) =>
      through("state.write", () => state.write(name, content, ctx, mayReplace)),
    remove: (names, ctx) => through("state.remove", () => state.remove(names, ctx)),
    list: (ctx) => through("state.list", () => state.list(ctx)),
    takeLock: (owner, ctx) => through("state.takeLock", () => state.takeLock(owner, ctx)),
    readLock: (ctx) => through("state.readLock", () => state.readLock(ctx)),
    writeLock: (owner, ctx) => through("state.writeLock", () => state.writeLock(owner, ctx)),
    dropLock: (ctx) => through("state.dropLock", () => state.dropLock(ctx)),
  };
}
