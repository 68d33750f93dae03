import type { DeployEvent } from "../core/events.ts";
import type { Plan } from "../core/plan.ts";
import type { Doing, RunProgress, TargetProgress } from "./target-progress.ts";

/** Folds events into progress; `now` gives ms since the epoch. */
export function trackProgress(now: () => number): { readonly run: RunProgress; apply(event: DeployEvent): void } {
  const run: RunProgress = { scanning: undefined, settling: undefined, targets: new Map(), results: [] };
  const underWay = new Map<string, Map<string, number>>();

  function of(target: string): TargetProgress {
    const known = run.targets.get(target);
    if (known) return known;
    const fresh: TargetProgress = {
      target,
      doing: "connecting",
      phase: undefined,
      command: undefined,
      changes: 0,
      files: 0,
      filesTotal: 0,
      bytes: 0,
      bytesTotal: 0,
      startedAt: 0,
    };
    run.targets.set(target, fresh);
    underWay.set(target, new Map());
    return fresh;
  }

  /** Counts what a file has sent; a file sent again from its start takes back what it had counted. */
  function sent(progress: TargetProgress, path: string, bytes: number): void {
    const files = underWay.get(progress.target);
    progress.bytes += bytes - (files?.get(path) ?? 0);
    files?.set(path, bytes);
  }

  /** Counts anew, from nothing. */
  function begin(progress: TargetProgress, doing: Doing, filesTotal: number, bytesTotal: number): void {
    Object.assign(progress, { doing, phase: undefined, files: 0, filesTotal, bytes: 0, bytesTotal, startedAt: now() });
    underWay.get(progress.target)?.clear();
  }

  /** The target, of which a change was just made visible: one that was ready is being published now. */
  function changing(target: string): TargetProgress {
    const progress = of(target);
    if (progress.doing === "ready") begin(progress, "publishing", progress.changes, 0);
    return progress;
  }

  /** Counts a file that has been sent whole. */
  function whole(progress: TargetProgress, path: string, size: number): void {
    sent(progress, path, size);
    underWay.get(progress.target)?.delete(path);
    progress.files++;
  }

  function apply(event: DeployEvent): void {
    switch (event.type) {
      case "settling":
        run.settling = { quietFor: event.quietFor, needed: event.needed };
        break;
      case "scan-progress":
        run.settling = undefined;
        run.scanning = { files: event.files, bytes: event.bytes };
        break;
      case "scanned":
        run.settling = undefined;
        run.scanning = undefined;
        break;
      case "connecting":
        of(event.target).doing = "connecting";
        break;
      case "locked":
      case "observed":
        of(event.target).doing = "comparing";
        break;
      case "planned":
        plan(of(event.target), event.plan);
        break;
      case "phase-started": {
        const progress = changing(event.target);
        if (progress.startedAt === 0) progress.startedAt = now();
        if (progress.doing !== "publishing") progress.doing = "delivering";
        progress.phase = event.phase;
        break;
      }
      case "file-progress":
        sent(of(event.target), event.path, event.sent);
        break;
      case "file-put": {
        const progress = changing(event.target);
        if (progress.doing === "publishing") progress.files++;
        else whole(progress, event.path, event.size);
        break;
      }
      case "file-deleted":
        changing(event.target).files++;
        break;
      case "stage-started":
        begin(of(event.target), "staging", event.files, event.bytes);
        break;
      case "file-staged":
        whole(of(event.target), event.path, event.size);
        break;
      case "staged":
        of(event.target).doing = "ready";
        break;
      case "published":
        of(event.target).doing = "published";
        break;
      case "reverted":
        of(event.target).doing = "put back";
        break;
      case "hook-started":
        of(event.target).command = event.command;
        break;
      case "hook-done":
        of(event.target).command = undefined;
        break;
      case "target-done":
        of(event.result.target).doing = "ended";
        run.results.push(event.result);
        break;
      default:
    }
  }

  return { run, apply };
}

function plan(progress: TargetProgress, { totals: { puts, putBytes, deletes } }: Plan): void {
  const changes = puts + deletes;
  Object.assign(progress, { doing: "planned", changes, filesTotal: changes, bytesTotal: putBytes });
}
