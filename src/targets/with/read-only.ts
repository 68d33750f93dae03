import { SmartsyncError } from "../../lib/errors.ts";
import type { Target } from "../target.ts";

/**
 * The same target with every writing call refused (kind "bug", code "read-only"): what plans with it can change
 * nothing, whoever asks. Reading and closing pass through.
 */
export function readOnly(target: Target): Target {
  const refuse = (call: string) => async (): Promise<never> => {
    throw new SmartsyncError(`${call} was called on a target that is open for reading only`, {
      kind: "bug",
      code: "read-only",
    });
  };
  const { stage, releases, hooks, serveAs } = target;
  return {
    ...target,
    put: refuse("put"),
    makeDirs: refuse("makeDirs"),
    remove: refuse("remove"),
    removeDirs: refuse("removeDirs"),
    sweep: refuse("sweep"),
    state: {
      ...target.state,
      write: refuse("state.write"),
      remove: refuse("state.remove"),
      takeLock: refuse("state.takeLock"),
      writeLock: refuse("state.writeLock"),
      dropLock: refuse("state.dropLock"),
    },
    ...(serveAs && { serveAs: refuse("serveAs") }),
    ...(stage && { stage: refuse("stage") }),
    ...(releases && {
      releases: {
        ...releases,
        switchTo: refuse("releases.switchTo"),
        async conversion(ctx) {
          const conversion = await releases.conversion(ctx);
          return conversion && { ...conversion, run: refuse("releases.conversion.run") };
        },
      },
    }),
    ...(hooks && { hooks: { ...hooks, run: refuse("hooks.run") } }),
  };
}
