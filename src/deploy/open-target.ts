import { resolveSecrets } from "../config/resolve-secrets.ts";
import type { Ctx } from "../core/context.ts";
import { SmartsyncError } from "../lib/errors.ts";
import { targetTypes } from "../targets/index.ts";
import type { Target } from "../targets/target.ts";
import { readOnly } from "../targets/with/read-only.ts";
import { createRetry, withRetry } from "../targets/with/retry.ts";
import type { PlanDeps } from "./job.ts";
import { createManifestCache, type ManifestCache } from "./manifest-cache.ts";

/** A host is asked again for more connections after this long. */
const LIMIT_LASTS_MS = 7 * 24 * 3600 * 1000;

/** A server that does not answer at all is more often named wrongly than restarting: three attempts within 2 s. */
const KNOCKING = { attempts: 3, firstWaitMs: 500 };

/** What a target may be used for: a dry one refuses every write, whoever asks. */
export type Access = "dry" | "write";

/** A target that has everything it needs to be opened. */
export interface ReadyTarget {
  readonly name: string;
  /** Where it is, for people. */
  readonly place: string;
  /** Its manifests that are kept on this machine. */
  readonly manifests: ManifestCache;
  open(access: Access, ctx: Ctx): Promise<Target>;
}

/**
 * Makes a target ready by its name in the configuration: its secrets are resolved, nothing is connected. When it is
 * opened its calls are retried, and what is learned of its connection limit is remembered.
 */
export async function readyTarget(name: string, { config, state, redactor, confirm }: PlanDeps): Promise<ReadyTarget> {
  const written = config.targets[name];
  const type = targetTypes.find((candidate) => candidate.type === written?.type);
  if (written === undefined || type === undefined) throw unknownTarget(name, Object.keys(config.targets));
  const resolved = await resolveSecrets(written, targetTypes, { dir: config.dir, redactor, env: process.env });
  const place = redactor.redact(type.describe(resolved));
  return {
    name,
    place,
    manifests: createManifestCache(state.manifests, name),
    async open(access, ctx) {
      ctx.emit({ type: "connecting", target: name, to: place });
      const learned = state.limits.get(name, ctx.clock.now() - LIMIT_LASTS_MS);
      const options = {
        name,
        baseDir: config.dir,
        ...(confirm === undefined ? {} : { confirm }),
        ...(learned === undefined ? {} : { learnedConnections: learned }),
        onLimitLearned: (connections: number) => state.limits.set(name, connections, ctx.clock.now()),
      };
      const target = await createRetry(name, KNOCKING)("connect", ctx, () => type.open(resolved, options, ctx));
      const patient = withRetry(target, name);
      return access === "dry" ? readOnly(patient) : patient;
    },
  };
}

function unknownTarget(name: string, known: readonly string[]): SmartsyncError {
  return new SmartsyncError(`no target is named "${name}"`, {
    kind: "config",
    code: "target-unknown",
    hint: `the configuration has: ${known.join(", ")}`,
  });
}
