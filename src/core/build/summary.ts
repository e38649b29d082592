/** What a build tells others of itself: copies that may lag, never the truth. */
import { isFinished } from "./build.ts";
import type { Build, BuildStatus, FailureReason, RunnerRef } from "./build.ts";
import type { BuildSpec } from "./spec.ts";

/** One stored artifact, as consumers see it. */
export interface ArtifactSummary {
  /** GitLab's `file_type`: `archive`, `trace`, a report's type. */
  readonly type: string;
  readonly format: string;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly expiresAtMs: number | null;
}

/** A build as consumers see it, in lists and alone. */
export interface BuildSummary extends Pick<
  BuildSpec,
  "name" | "stage" | "ref" | "sha" | "beforeSha" | "tag" | "tags" | "commit" | "pipeline" | "user"
> {
  readonly id: number;
  readonly projectId: number;
  readonly status: BuildStatus;
  readonly revision: number;
  readonly attempt: number;
  readonly createdAtMs: number;
  readonly queuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly erasedAtMs: number | null;
  readonly failureReason: FailureReason | null;
  readonly exitCode: number | null;
  readonly traceVerified: boolean | null;
  readonly retriedAs: number | null;
  readonly runner: Pick<RunnerRef, "id" | "description" | "shared" | "manager"> | null;
  readonly artifacts: readonly ArtifactSummary[];
}

export const summarize = (build: Build, spec: BuildSpec, artifacts: readonly ArtifactSummary[]): BuildSummary => ({
  id: build.id,
  projectId: build.projectId,
  pipeline: spec.pipeline,
  user: spec.user,
  name: spec.name,
  stage: spec.stage,
  ref: spec.ref,
  sha: spec.sha,
  beforeSha: spec.beforeSha,
  tag: spec.tag,
  commit: spec.commit,
  tags: spec.tags,
  status: build.status,
  revision: build.revision,
  attempt: build.attempt,
  createdAtMs: build.createdAtMs,
  queuedAtMs: build.queuedAtMs,
  startedAtMs: build.startedAtMs,
  finishedAtMs: build.finishedAtMs,
  erasedAtMs: build.erasedAtMs,
  failureReason: build.failureReason,
  exitCode: build.exitCode,
  traceVerified: build.traceVerified,
  retriedAs: build.retriedAs,
  runner:
    build.claim === null
      ? null
      : {
          id: build.claim.runner.id,
          description: build.claim.runner.description,
          shared: build.claim.runner.shared,
          manager: build.claim.runner.manager,
        },
  artifacts,
});

/** A build as its queue needs to know it. */
export interface QueueNotice {
  readonly buildId: number;
  readonly projectId: number;
  readonly revision: number;
  /** `taken`: some runner holds it; `gone`: the queue may forget it. */
  readonly state: "pending" | "taken" | "gone";
  readonly runnerId: number | null;
  /** Which machine of that runner, where it tells. */
  readonly machineId: number | null;
  readonly tags: readonly string[];
  readonly refProtected: boolean;
  readonly avoidRunnerId: number | null;
  /** So far. */
  readonly lostClaims: number;
  /** Null while it hasn't ended, and when it is no more. */
  readonly end: BuildEnd | null;
}

export type BuildEnd = Pick<Build, "status" | "failureReason">;

export const queueNotice = (build: Build, spec: BuildSpec): QueueNotice => {
  const waits = build.status === "pending" && build.claim === null;
  const held = build.status === "pending" || build.status === "running" || build.status === "canceling";
  return {
    buildId: build.id,
    projectId: build.projectId,
    revision: build.revision,
    state: waits ? "pending" : held ? "taken" : "gone",
    runnerId: held ? (build.claim?.runner.id ?? null) : null,
    machineId: held ? (build.claim?.runner.manager?.id ?? null) : null,
    tags: spec.tags,
    refProtected: spec.refProtected,
    avoidRunnerId: build.avoidRunnerId,
    lostClaims: build.lostClaims,
    end: isFinished(build.status) ? { status: build.status, failureReason: build.failureReason } : null,
  };
};

/** Of a build that is no more, or never was. */
export const goneNotice = (buildId: number): QueueNotice => ({
  buildId,
  projectId: 0,
  revision: 0,
  state: "gone",
  runnerId: null,
  machineId: null,
  tags: [],
  refProtected: false,
  avoidRunnerId: null,
  lostClaims: 0,
  end: null,
});
