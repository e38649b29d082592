/** These strings are also the wire and the column (`CHECK` in build/schema.ts). */
export const BUILD_STATUSES = [
  "created",
  "pending",
  "running",
  "canceling",
  "success",
  "failed",
  "canceled",
  "skipped",
  "manual",
] as const;

export type BuildStatus = (typeof BUILD_STATUSES)[number];

export const isFinished = (status: BuildStatus): boolean =>
  status === "success" || status === "failed" || status === "canceled" || status === "skipped";

/** The runner of the current attempt may write its trace and artifacts. */
export const isRunning = (status: BuildStatus): boolean => status === "running" || status === "canceling";

/** A runner has it: it runs, or is bound to a runner that has yet to say that it runs. */
export const isHeld = ({ status, claim }: Pick<Build, "status" | "claim">): boolean =>
  isRunning(status) || (status === "pending" && claim !== null);

/** Why a build failed, in GitLab's words. */
export const FAILURE_REASONS = [
  "unknown_failure",
  "script_failure",
  "api_failure",
  "stuck_or_timeout_failure",
  "runner_system_failure",
  "missing_dependency_failure",
  "runner_unsupported",
  "job_execution_timeout",
  "unmet_prerequisites",
  "scheduler_failure",
  "data_integrity_failure",
  "image_pull_failure",
  "configuration_error",
  "trace_size_exceeded",
  "stale_schedule",
  "job_canceled",
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The runner that holds or held an attempt, as it was when it claimed. */
export interface RunnerRef {
  readonly id: number;
  /** The epoch of the token that claimed: it stays valid for this build's own reports. */
  readonly epoch: number;
  readonly description: string;
  readonly tags: readonly string[];
  readonly shared: boolean;
  /** It runs after_script when told `canceling`; without this a cancel is immediate. */
  readonly cancelGracefully: boolean;
  /** It sends its whole trace anew when told that what is stored differs from what it has. */
  readonly resendsTrace: boolean;
  /** Which machine, of those that share the runner's token; null for runners that don't tell. */
  readonly manager: { readonly id: number; readonly systemId: string } | null;
  /** No build may run longer on this runner; null for no such limit. */
  readonly maximumTimeoutSeconds: number | null;
  /** It spoke the legacy API. Claims of earlier versions don't say. */
  readonly legacy?: boolean;
}

/** Who holds the build's current attempt, since when. Kept apart from the status, which is what the world sees. */
export interface Claim {
  readonly runner: RunnerRef;
  readonly atMs: number;
}

export interface HistoryEntry {
  readonly atMs: number;
  /** What happened, one of the machine's event names. */
  readonly event: string;
  readonly status: BuildStatus;
  readonly detail: string | null;
}

/** Everything about one build that changes. One row in its object; `decide` in machine.ts alone changes its status. */
export interface Build {
  readonly id: number;
  readonly projectId: number;
  readonly pipelineId: number;
  readonly status: BuildStatus;
  /** Goes up by exactly one with each change: messages and claims name the revision that they speak of. */
  readonly revision: number;
  /** 0 until first claimed; the build's token belongs to one attempt. */
  readonly attempt: number;
  readonly lostClaims: number;
  /** Lost the last claim: while another runner could take the build, that one is asked. */
  readonly avoidRunnerId: number | null;
  /** Null while nobody holds it; stays after the end, to say who ran it. */
  readonly claim: Claim | null;
  /** The last sign of life of the current attempt, null until there is one. */
  readonly lastContactAtMs: number | null;
  /** No deadline ends the build before this: the fresh window after an outage. */
  readonly graceUntilMs: number;
  /** Server-side deadline for the whole run, from the spec. */
  readonly timeoutSeconds: number;
  readonly createdAtMs: number;
  readonly queuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly cancelingSinceMs: number | null;
  readonly finishedAtMs: number | null;
  readonly erasedAtMs: number | null;
  readonly failureReason: FailureReason | null;
  readonly exitCode: number | null;
  /** The runner's final report that ended the build: the same one again changes nothing. */
  readonly reported: "success" | "failed" | null;
  /** Does the stored trace have the size and checksum that its runner reported? Null when none gave a checksum. */
  readonly traceVerified: boolean | null;
  /** How often the current attempt was told to send its trace anew. */
  readonly traceResets: number;
  /** Somebody who reads the trace now will look again before this, as far as one knows. */
  readonly watchedUntilMs: number;
  readonly retriedAs: number | null;
  readonly history: readonly HistoryEntry[];
}

/** When the build came to be in the status that it is in. */
export const statusSinceMs = ({ status, history, createdAtMs }: Build): number => {
  const last = history.findLastIndex((entry) => entry.status !== status);
  return history[last + 1]?.atMs ?? createdAtMs;
};

/** A build before anything happened to it. */
export const newBuild = (
  ids: { readonly id: number; readonly projectId: number; readonly pipelineId: number },
  timeoutSeconds: number,
  nowMs: number,
): Build => ({
  ...ids,
  status: "created",
  revision: 0,
  attempt: 0,
  lostClaims: 0,
  avoidRunnerId: null,
  claim: null,
  lastContactAtMs: null,
  graceUntilMs: 0,
  timeoutSeconds,
  createdAtMs: nowMs,
  queuedAtMs: null,
  startedAtMs: null,
  cancelingSinceMs: null,
  finishedAtMs: null,
  erasedAtMs: null,
  failureReason: null,
  exitCode: null,
  reported: null,
  traceVerified: null,
  traceResets: 0,
  watchedUntilMs: 0,
  retriedAs: null,
  history: [{ atMs: nowMs, event: "create", status: "created", detail: null }],
});
