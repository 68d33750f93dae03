import type { PutReason } from "./change.ts";
import type { Phase, Plan } from "./plan.ts";
import type { PurgePlan } from "./purge-plan.ts";
import type { PurgeResult } from "./purge-result.ts";

/** How a target, or a whole run, ended. */
export type Outcome = "done" | "unchanged" | "partial" | "failed" | "refused" | "locked" | "aborted";

/** A failure as it is shown and stored: redacted text, no stack. */
export interface Failure {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What became of one target in a run. */
export interface TargetResult {
  readonly target: string;
  readonly outcome: Outcome;
  readonly uploaded: number;
  /** Files of which only the headers were changed; absent where there were none. */
  readonly headers?: number;
  readonly deleted: number;
  /** Files that left the site and stay for a while; absent where there are none. */
  readonly kept?: number;
  readonly unchanged: number;
  /** Bytes uploaded. */
  readonly bytes: number;
  readonly seconds: number;
  readonly failure?: Failure;
}

/**
 * Everything that happens, as it happens. Terminal, log lines, NDJSON, history and reports are consumers of these;
 * nothing in them is secret. `target` is the target's name in the configuration, `cdn` the CDN's; `target` of a retry
 * may be either.
 */
export type DeployEvent =
  | { type: "run-started"; run: string; site: string; targets: string[]; trigger: string; at: string }
  | { type: "scan-progress"; files: number; bytes: number }
  | { type: "scanned"; files: number; bytes: number; hashed: number; skipped: number; seconds: number }
  | { type: "settling"; quietFor: number; needed: number }
  | { type: "connecting"; target: string; to: string }
  | {
      type: "observed";
      target: string;
      files: number;
      state: string;
      first: boolean;
      interrupted: string | null;
      /** Of a target that was listed: files nobody recorded that hold what the site does. */
      adopted?: number;
      /** And files that somebody else changed or removed. */
      drifted?: number;
    }
  | { type: "planned"; target: string; plan: Plan }
  | { type: "locked"; target: string; tookOver: string | null }
  | { type: "phase-started"; target: string; phase: Phase["name"]; files: number; bytes: number }
  | { type: "file-progress"; target: string; path: string; sent: number; size: number }
  | {
      type: "file-put";
      target: string;
      path: string;
      size: number;
      reason: PutReason;
      seconds: number;
      /** Its bytes were there already: only its headers were changed, and nothing was sent. */
      headersOnly?: true;
    }
  | { type: "file-deleted"; target: string; path: string }
  | { type: "stage-started"; target: string; files: number; bytes: number }
  | { type: "file-staged"; target: string; path: string; size: number; seconds: number }
  | { type: "staged"; target: string; seconds: number }
  | { type: "published"; target: string; seconds: number }
  | { type: "switched"; target: string; from: string | null; to: string; seconds: number }
  | { type: "reverted"; target: string; because: string }
  | { type: "hook-started"; target: string; when: "before" | "after"; command: string }
  | {
      type: "hook-done";
      target: string;
      when: "before" | "after";
      command: string;
      exitCode: number | null;
      seconds: number;
      output: string;
    }
  | { type: "file-replanned"; target: string; path: string; attempt: number }
  | { type: "retry"; target: string; doing: string; attempt: number; waitSeconds: number; reason: string }
  | { type: "limit-learned"; target: string; connections: number; reason: string }
  | { type: "warning"; target?: string; code: string; message: string; hint?: string }
  | { type: "target-done"; result: TargetResult }
  | { type: "purge-planned"; cdn: string; plan: Omit<PurgePlan, "batches">; requests: number }
  /** One request of a purge was accepted; `batch` counts from 1. */
  | { type: "purge-sent"; cdn: string; batch: number; of: number; items: number; id?: string }
  | { type: "checking"; cdn: string; urls: number; within: number }
  | { type: "purge-done"; result: PurgeResult }
  | {
      type: "done";
      run: string;
      site: string;
      outcome: Outcome;
      seconds: number;
      targets: readonly TargetResult[];
      /** One for each of the site's CDNs; absent where it has none. */
      purges?: readonly PurgeResult[];
    };
