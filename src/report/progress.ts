import type { DeployEvent, TargetResult } from "../core/events.ts";
import type { PhaseName } from "../core/plan.ts";

/** How far one target is. Files and bytes are of the whole plan, deletions counted as files. */
export interface TargetProgress {
  readonly target: string;
  stage: "connecting" | "comparing" | "planned" | "delivering" | "ended";
  phase: PhaseName | undefined;
  files: number;
  filesTotal: number;
  /** Bytes sent, those of files under way included. */
  bytes: number;
  bytesTotal: number;
  /** When the first phase began, ms since the epoch. */
  startedAt: number;
}

/** Where a whole run is, folded from its events. */
export interface RunProgress {
  /** What the scan has found so far; undefined before it and after it. */
  scanning: { files: number; bytes: number } | undefined;
  /** Seconds the source has been quiet and has to be, while that is waited for. */
  settling: { quietFor: number; needed: number } | undefined;
  readonly targets: Map<string, TargetProgress>;
  readonly results: TargetResult[];
}

/** Folds events into progress; `now` gives ms since the epoch. */
export function trackProgress(now: () => number): { readonly run: RunProgress; apply(event: DeployEvent): void } {
  const run: RunProgress = { scanning: undefined, settling: undefined, targets: new Map(), results: [] };
  const underWay = new Map<string, Map<string, number>>();

  function of(target: string): TargetProgress {
    const known = run.targets.get(target);
    if (known) return known;
    const fresh: TargetProgress = {
      target,
      stage: "connecting",
      phase: undefined,
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
        of(event.target).stage = "connecting";
        break;
      case "locked":
      case "observed":
        of(event.target).stage = "comparing";
        break;
      case "planned":
        Object.assign(of(event.target), {
          stage: "planned",
          filesTotal: event.plan.totals.puts + event.plan.totals.deletes,
          bytesTotal: event.plan.totals.putBytes,
        });
        break;
      case "phase-started": {
        const progress = of(event.target);
        if (progress.startedAt === 0) progress.startedAt = now();
        progress.stage = "delivering";
        progress.phase = event.phase;
        break;
      }
      case "file-progress":
        sent(of(event.target), event.path, event.sent);
        break;
      case "file-put": {
        const progress = of(event.target);
        sent(progress, event.path, event.size);
        underWay.get(event.target)?.delete(event.path);
        progress.files++;
        break;
      }
      case "file-deleted":
        of(event.target).files++;
        break;
      case "target-done":
        of(event.result.target).stage = "ended";
        run.results.push(event.result);
        break;
      default:
    }
  }

  return { run, apply };
}

/**
 * How much of the work is done, from 0 to 1; 1 only when all of it is. Files and bytes count alike, since small files
 * cost round trips and big ones bandwidth.
 */
export function shareDone({ files, filesTotal, bytes, bytesTotal }: TargetProgress): number {
  const byFiles = filesTotal === 0 ? 1 : files / filesTotal;
  return bytesTotal === 0 ? byFiles : (byFiles + Math.min(1, bytes / bytesTotal)) / 2;
}

/** Seconds until the target is done, or undefined while nothing can be said: in the first two seconds. */
export function secondsLeft(progress: TargetProgress, now: number): number | undefined {
  const elapsed = (now - progress.startedAt) / 1000;
  const done = shareDone(progress);
  if (progress.startedAt === 0 || elapsed < 2 || done <= 0) return undefined;
  return Math.max(0, (elapsed / done) * (1 - done));
}
