import type { DeployEvent, TargetResult } from "../core/events.ts";
import type { PhaseName } from "../core/plan.ts";

/** What is done with one target at the moment. "ready": all of it is staged, and waits to be published. */
export type Doing =
  | "connecting"
  | "comparing"
  | "planned"
  | "delivering"
  | "staging"
  | "ready"
  | "publishing"
  | "published"
  | "put back"
  | "ended";

/**
 * How far one target is. Files and bytes are of the whole plan, deletions counted as files; while it is staged, of what
 * is to be sent; while it is published, which sends nothing any more, of files only.
 */
export interface TargetProgress {
  readonly target: string;
  doing: Doing;
  phase: PhaseName | undefined;
  /** The command that runs on the server right now. */
  command: string | undefined;
  /** Files that the plan puts or deletes. */
  changes: number;
  files: number;
  filesTotal: number;
  /** Bytes sent, those of files under way included. */
  bytes: number;
  bytesTotal: number;
  /** When what is done now began, ms since the epoch: staging, publishing, or the first phase. */
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

/** The targets that were waiting for one another, at the event that makes the last of them ready; otherwise none. */
export function readyTogether(event: DeployEvent, { targets }: RunProgress): string[] {
  if (event.type !== "staged") return [];
  const atWork = [...targets.values()].filter(({ doing }) => doing !== "ended");
  const ready = atWork.length > 1 && atWork.every(({ doing }) => doing === "ready");
  return ready ? atWork.map(({ target }) => target) : [];
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
