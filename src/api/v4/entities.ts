/** Projects, jobs and their histories as GitLab's v4 writes them: times in ISO 8601, durations in seconds. */
import type { HistoryEntry } from "../../core/build/build.ts";
import type { Project } from "../../core/project.ts";
import type { ArtifactSummary, BuildSummary } from "../../core/build/summary.ts";

export const isoTime = (ms: number): string => new Date(ms).toISOString();
export const isoTimeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** A repository's address without what stands before its host's `@`: for everybody but runners. */
export const withoutCredentials = (repoUrl: string): string =>
  repoUrl.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1").replace(/^[^/@]*:[^/@]*@/, "");

const nameParts = (path: string): { group: string; name: string } => {
  const at = path.lastIndexOf("/");
  return { group: path.slice(0, at), name: path.slice(at + 1) };
};

/** What other entities show of a project. */
export const projectIdentity = (project: Project, origin: string) => {
  const { group, name } = nameParts(project.path);
  return {
    id: project.id,
    description: project.description,
    name: project.name,
    name_with_namespace: `${group.replaceAll("/", " / ")} / ${project.name}`,
    path: name,
    path_with_namespace: project.path,
    created_at: isoTime(project.createdAtMs),
    web_url: `${origin}/${project.path}`,
  };
};

/** Groups are no more than a part of the path here: they have no id. */
export const projectEntity = (project: Project, origin: string, runnersToken: string) => {
  const { group } = nameParts(project.path);
  const repository = withoutCredentials(project.repoUrl);
  const groupName = nameParts(group).name;
  return {
    ...projectIdentity(project, origin),
    namespace: { id: null, name: groupName, path: groupName, kind: "group", full_path: group, parent_id: null },
    default_branch: project.defaultBranch,
    visibility: project.visibility,
    http_url_to_repo: repository,
    ssh_url_to_repo: null,
    repo_url: repository,
    last_activity_at: isoTime(project.createdAtMs),
    archived: false,
    jobs_enabled: true,
    public_jobs: project.visibility === "public",
    shared_runners_enabled: project.sharedRunnersEnabled,
    build_timeout: project.buildTimeoutSeconds,
    ci_config_path: null,
    ci_default_git_depth: project.gitDepth,
    runners_token: runnersToken,
  };
};

export interface JobSurroundings {
  readonly project: Project;
  readonly origin: string;
  readonly nowMs: number;
  /** For a pending job alone. */
  readonly pendingReason: string | null;
}

export const jobEntity = (build: BuildSummary, { project, origin, nowMs, pendingReason }: JobSurroundings) => {
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
    user: null,
    commit: commitEntity(build.sha, webUrl),
    // A build that was created alone is all of its pipeline.
    pipeline: {
      id: build.pipeline.id,
      iid: build.pipeline.iid,
      project_id: build.projectId,
      sha: build.sha,
      ref: build.ref,
      status: build.status,
      source: build.pipeline.source,
      created_at: isoTime(build.pipeline.createdAtMs),
      updated_at: isoTime(build.finishedAtMs ?? build.startedAtMs ?? build.createdAtMs),
      web_url: `${webUrl}/-/pipelines/${build.pipeline.id}`,
    },
    web_url: `${webUrl}/-/jobs/${build.id}`,
    project: { ci_job_token_scope_enabled: false },
    ...(build.status === "failed" ? { failure_reason: build.failureReason ?? "unknown_failure" } : {}),
    ...(archive === undefined ? {} : { artifacts_file: { filename: archive.filename, size: archive.sizeBytes } }),
    artifacts: build.artifacts.map(artifactEntity),
    runner: build.runner === null ? null : jobRunnerEntity(build.runner),
    runner_manager: build.runner === null ? null : jobManagerEntity(build.runner),
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

export const historyEntity = ({ atMs, event, status, detail }: HistoryEntry) => ({
  at: isoTime(atMs),
  event,
  status,
  detail,
});

const secondsBetween = (fromMs: number | null, toMs: number): number | null =>
  fromMs === null ? null : Math.max(0, toMs - fromMs) / 1000;

/** The repository is on another host: of the commit no more is known than its id. */
const commitEntity = (sha: string, webUrl: string) => ({
  id: sha,
  short_id: sha.slice(0, 8),
  title: null,
  message: null,
  author_name: null,
  author_email: null,
  created_at: null,
  parent_ids: [],
  web_url: `${webUrl}/-/commit/${sha}`,
});

const artifactEntity = (artifact: ArtifactSummary) => ({
  file_type: artifact.type,
  size: artifact.sizeBytes,
  filename: artifact.filename,
  file_format: artifact.format,
});

/** As it was when it claimed the build. */
const jobRunnerEntity = ({ id, description, shared }: NonNullable<BuildSummary["runner"]>) => ({
  id,
  description,
  ip_address: null,
  active: true,
  paused: false,
  is_shared: shared,
  runner_type: shared ? "instance_type" : "project_type",
  name: null,
  online: null,
});

/** Which machine it was, for runners that tell. */
const jobManagerEntity = ({ manager }: NonNullable<BuildSummary["runner"]>) =>
  manager == null ? null : { id: manager.id, system_id: manager.systemId };
