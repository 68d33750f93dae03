import { randomBytes } from "node:crypto";
import type { Ctx } from "../core/context.ts";
import { parseRelPath, type RelPath } from "../core/rel-path.ts";
import { SmartsyncError } from "../lib/errors.ts";
import type { Target } from "../targets/target.ts";
import { ok, tryOut } from "./check.ts";

/** A file whose name says that it is only a test, and the directory it lies in. */
export interface Probe {
  readonly dir: string;
  readonly path: RelPath;
  /** The name of the probe among the state's own files. */
  readonly state: string;
}

/** A probe of a name that nothing else has. */
export function createProbe(): Probe {
  const id = randomBytes(4).toString("hex");
  const dir = `.smartsync-probe-${id}`;
  const path = parseRelPath(`${dir}/probe 試験.txt`);
  if (path === undefined) throw new Error("the probe's path is none");
  return { dir, path, state: `probe-${id}.txt` };
}

/** Takes away whatever a check that failed half-way may have left; that failure is the one to tell. */
export async function removeProbe(target: Target, probe: Probe, ctx: Ctx): Promise<void> {
  const own: Ctx = { ...ctx, signal: AbortSignal.timeout(10_000) };
  const steps = [
    () => target.remove([probe.path], own),
    () => target.sweep([probe.path], own),
    () => target.removeDirs([probe.dir], own),
    () => target.state.remove([probe.state], own),
  ];
  for (const step of steps) {
    const { outcome, detail } = await tryOut("tidy up", async () => ok(String(await step())));
    if (outcome === "failed") ctx.emit({ type: "warning", code: "probe-left", message: `${probe.dir}: ${detail}` });
  }
}

/** The server did something else with the probe than it should. */
export function probeMismatch(what: string): SmartsyncError {
  return new SmartsyncError(`the server ${what}`, {
    kind: "conflict",
    code: "probe-mismatch",
    hint: "something between here and the disk changes files or answers from a cache; ask the host",
  });
}
