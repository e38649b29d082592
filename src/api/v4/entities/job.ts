/** Jobs and their histories as GitLab's v4 writes them: durations in seconds. */
import type { HistoryEntry } from "../../../core/build/build.ts";
import type { ArtifactSummary, BuildSummary } from "../../../core/build/summary.ts";
import type { Project } from "../../../core/project.ts";
import type { MachineSummary, RunnerSummary } from "../../../core/runner/runner.ts";
import { commitEntity } from "./commit.ts";
import { projectIdentity } from "./project.ts";
import { managerEntity, runnerEntity } from "./runner.ts";
import { isoTime, isoTimeOrNull } from "./time.ts";
import { userEntity } from "./user.ts";

export interface JobSurroundings {
  readonly project: Project;
  readonly origin: string;
  readonly nowMs: number;
  /** For a pending job alone. */
  readonly pendingReason: string | null;
  /** What the queue knows of the runner and the machine that have or had it. */
  readonly runner: RunnerSummary | null;
  readonly machine: MachineSummary | null;
  /** In a list that is of no one project a job says which it is of. */
  readonly namesProject?: boolean | undefined;
}

export const jobEntity = (build: BuildSummary, around: JobSurroundings) => {
  const { project, origin, nowMs, pendingReason } = around;
  const webUrl = `${origin}/${project.path}`;
  const archive = build.artifacts.find((artifact) => artifact.type === "archive");
  return {
    id: build.id,
    status: build.status,
    stage: build.stage,
    name: build.name,
    ref: build.ref,
    tag: build.tag,
    coverage: null,
    allow_failure: false,
    created_at: isoTime(build.createdAtMs),
    started_at: isoTimeOrNull(build.startedAtMs),
    finished_at: isoTimeOrNull(build.finishedAtMs),
    erased_at: isoTimeOrNull(build.erasedAtMs),
    duration: secondsBetween(build.startedAtMs, build.finishedAtMs ?? nowMs),
    queued_duration: secondsBetween(build.queuedAtMs, build.startedAtMs ?? build.finishedAtMs ?? nowMs),
    user: userEntity(build.user, origin),
    commit: commitEntity(build, webUrl),
    pipeline: pipelineEntity(build, webUrl),
    web_url: `${webUrl}/-/jobs/${build.id}`,
    project: {
      ...(around.namesProject === true ? projectIdentity(project, origin) : {}),
      ci_job_token_scope_enabled: false,
    },
    ...(build.status === "failed" ? { failure_reason: build.failureReason ?? "unknown_failure" } : {}),
    ...(archive === undefined ? {} : { artifacts_file: { filename: archive.filename, size: archive.sizeBytes } }),
    artifacts: build.artifacts.map(artifactEntity),
    runner: build.runner === null ? null : jobRunnerEntity(build.runner, around.runner, nowMs),
    runner_manager: build.runner === null ? null : jobManagerEntity(build.runner, around.machine, nowMs),
    artifacts_expire_at: isoTimeOrNull(archive?.expiresAtMs ?? null),
    archived: false,
    tag_list: build.tags,
    attempt: build.attempt,
    exit_code: build.exitCode ?? null,
    trace_verified: build.traceVerified ?? null,
    ...(build.retriedAs === null ? {} : { retried_as: build.retriedAs }),
    ...(pendingReason === null ? {} : { pending_reason: pendingReason }),
  };
};

/** Of a build that was created alone, which is all of it. */
export const pipelineEntity = (build: BuildSummary, projectUrl: string) => ({
  id: build.pipeline.id,
  iid: build.pipeline.iid,
  project_id: build.projectId,
  sha: build.sha,
  ref: build.ref,
  status: build.status,
  source: build.pipeline.source,
  created_at: isoTime(build.pipeline.createdAtMs),
  updated_at: isoTime(build.finishedAtMs ?? build.startedAtMs ?? build.createdAtMs),
  web_url: `${projectUrl}/-/pipelines/${build.pipeline.id}`,
});

export const historyEntity = ({ atMs, event, status, detail }: HistoryEntry) => ({
  at: isoTime(atMs),
  event,
  status,
  detail,
});

const secondsBetween = (fromMs: number | null, toMs: number): number | null =>
  fromMs === null ? null : Math.max(0, toMs - fromMs) / 1000;

const artifactEntity = (artifact: ArtifactSummary) => ({
  file_type: artifact.type,
  size: artifact.sizeBytes,
  filename: artifact.filename,
  file_format: artifact.format,
});

/** A runner that is gone is shown as it was when it claimed the build. */
const jobRunnerEntity = (
  { id, description, shared }: NonNullable<BuildSummary["runner"]>,
  known: RunnerSummary | null,
  nowMs: number,
) =>
  known === null
    ? {
        id,
        description,
        ip_address: null,
        active: false,
        paused: true,
        is_shared: shared,
        runner_type: shared ? "instance_type" : "project_type",
        name: null,
        online: false,
        status: "offline",
        created_at: null,
        created_by: null,
        job_execution_status: "idle",
      }
    : runnerEntity(known, nowMs);

/** Which machine it was, for runners that tell. One that is forgotten has no more than its name. */
const jobManagerEntity = (
  { manager }: NonNullable<BuildSummary["runner"]>,
  known: MachineSummary | null,
  nowMs: number,
) => {
  if (known !== null) return managerEntity(known, nowMs);
  // A build that an older version stored may not have it at all.
  if (manager == null) return null;
  return {
    id: manager.id,
    system_id: manager.systemId,
    version: null,
    revision: null,
    platform: null,
    architecture: null,
    created_at: null,
    contacted_at: null,
    ip_address: null,
    status: "offline",
    job_execution_status: "idle",
  };
};
