/**
 * A claimed build as today's runners read it: one wrong JSON type, and the runner loses the job without a word. So each field
 * is named here: what the core adds to a spec, no runner is sent unasked.
 */
import { REVISION, VERSION } from "../../settings.ts";
import { FAILURE_REASONS } from "../../core/build/build.ts";
import type { ClaimedBuild, ClaimedDependency, QueueFigures } from "../../core/build/claimed.ts";
import { timeoutOn } from "../../core/runner/runner.ts";
import type { Runner } from "../../core/runner/runner.ts";
import type { BuildSpec, CacheSpec, ImageSpec, Variable } from "../../core/build/spec.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import { separatedCaches } from "../../core/build/cache-keys.ts";
import { allVariables, withoutRaw } from "../../core/build/variables.ts";
import { jobArtifacts } from "./job-artifacts.ts";
import { gitInfo } from "./git-info.ts";

/** From here on GitLab counts no further. */
const MAX_COUNTED_RUNNING = 5;

/** What GitLab's tokens begin with: the runner hides them in logs, wherever they are from. */
const TOKEN_PREFIXES = [
  "glpat-",
  "glrt-",
  "glrtr-",
  "glcbt-",
  "gldt-",
  "glptt-",
  "gloas-",
  "glft-",
  "glimt-",
  "glagent-",
];

/** Today's text is a list in JSON, as GitLab writes it. */
const tagsText = (tags: readonly string[]): string => `[${tags.map((tag) => JSON.stringify(tag)).join(", ")}]`;

const runningCount = (count: number | null): string => {
  if (count === null) return "+Inf";
  return count < MAX_COUNTED_RUNNING ? `${count}` : `${MAX_COUNTED_RUNNING}+`;
};

/** Groups are no more than a part of the path here, and this server is the only one: what has no number is 0. */
const jobInfo = ({ summary, project }: ClaimedBuild, figures: QueueFigures, serverUrl: string, nowMs: number) => ({
  id: summary.id,
  name: summary.name,
  stage: summary.stage,
  pipeline_id: summary.pipeline.id,
  project_id: project.id,
  project_name: project.name,
  project_full_path: project.path,
  namespace_id: 0,
  root_namespace_id: 0,
  organization_id: 0,
  instance_id: new URL(serverUrl).host,
  instance_uuid: "",
  user_id: summary.user.id,
  scoped_user_id: null,
  time_in_queue_seconds: secondsInQueue(summary, nowMs),
  project_jobs_running_on_instance_runners_count: runningCount(figures.projectRunningOnInstanceRunners),
  queue_size: figures.queueSize,
  queue_depth: figures.queueDepth,
});

const secondsInQueue = ({ queuedAtMs, startedAtMs, createdAtMs }: BuildSummary, nowMs: number): number =>
  Math.max(0, (startedAtMs ?? nowMs) - (queuedAtMs ?? createdAtMs)) / 1000;

/** As GitLab has them, what is false is left out. */
const jobVariable = ({ key, value, public: shown, masked, file, raw }: Variable) => ({
  key,
  value,
  public: shown,
  masked,
  ...(file ? { file } : {}),
  ...(raw ? { raw } : {}),
});

const jobSteps = ({ beforeScript, script, afterScript }: BuildSpec, timeout: number) => {
  const main = {
    name: "script",
    script: [...beforeScript, ...script],
    timeout,
    when: "on_success",
    allow_failure: false,
  };
  if (afterScript.length === 0) return [main];
  return [main, { name: "after_script", script: afterScript, timeout, when: "always", allow_failure: true }];
};

/** What is undefined is left out of the JSON. Runners fail a job for options of an executor that they don't know. */
const jobImage = ({ docker, kubernetes, ...image }: ImageSpec) => ({
  name: image.name,
  alias: image.alias,
  entrypoint: image.entrypoint,
  command: image.command,
  ports: image.ports?.map(({ number, protocol, name }) => ({ number, protocol, name })),
  variables: image.variables?.map(({ key, value }) => ({ key, value })),
  pull_policy: image.pullPolicy,
  executor_opts:
    docker === undefined && kubernetes === undefined
      ? undefined
      : {
          docker: docker && { platform: docker.platform, user: docker.user },
          kubernetes: kubernetes && { user: kubernetes.user },
        },
});

const jobCache = ({ key, untracked, paths, policy, when, fallbackKeys }: CacheSpec) => ({
  key,
  untracked,
  paths,
  policy,
  when,
  fallback_keys: fallbackKeys,
});

/** The token is the running job's own: it opens the archives of its project's jobs while it runs. */
const jobDependency = ({ build }: ClaimedDependency, token: string) => {
  const archive = build.artifacts.find(({ type }) => type === "archive");
  return {
    id: build.id,
    name: build.name,
    token,
    artifacts_file: archive === undefined ? undefined : { filename: archive.filename, size: archive.sizeBytes },
  };
};

/** The answer to jobs/request. `serverUrl`: see `jobServerUrl`. `knowsRaw`: the runner announces `raw_variables`. */
export const presentJob = (
  claimed: ClaimedBuild,
  runner: Runner,
  figures: QueueFigures,
  serverUrl: string,
  knowsRaw: boolean,
  nowMs = Date.now(),
) => {
  const { summary, spec, project, token, dependencies } = claimed;
  const timeout = timeoutOn(runner, spec.timeoutSeconds);
  const variables = allVariables({
    build: { id: summary.id, token, startedAtMs: summary.startedAtMs ?? nowMs, timeoutSeconds: timeout },
    spec,
    project,
    runner: { ...runner, tags: tagsText(runner.tags) },
    inherited: dependencies.flatMap((each) => each.variables),
    server: { url: serverUrl, version: VERSION, revision: REVISION },
  });
  const preGetSources = { name: "pre_get_sources_script", script: spec.preGetSourcesScript };
  return {
    id: summary.id,
    token,
    allow_git_fetch: spec.allowGitFetch,
    job_info: jobInfo(claimed, figures, serverUrl, nowMs),
    git_info: gitInfo(spec, project, variables),
    runner_info: { timeout, uuid: `${runner.id}` },
    variables: (knowsRaw ? variables : withoutRaw(variables)).map(jobVariable),
    steps: jobSteps(spec, timeout),
    image: spec.image === null ? null : jobImage(spec.image),
    services: spec.services.map(jobImage),
    artifacts: spec.artifacts === null ? [] : jobArtifacts(spec.artifacts),
    cache: separatedCaches(spec).map(jobCache),
    credentials: [],
    dependencies: dependencies.map((each) => jobDependency(each, token)),
    features: {
      trace_sections: true,
      token_mask_prefixes: TOKEN_PREFIXES,
      failure_reasons: [...FAILURE_REASONS],
    },
    hooks: spec.preGetSourcesScript.length === 0 ? [] : [preGetSources],
    inputs: [],
  };
};
