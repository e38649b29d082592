/** Builds as legacy runners (GitLab 8, runner up to 1.11) read them. */
import { REVISION, VERSION } from "../../settings.ts";
import type { ClaimedBuild, ClaimedDependency } from "../../core/build/claimed.ts";
import { timeoutOn } from "../../core/runner/runner.ts";
import type { Runner } from "../../core/runner/runner.ts";
import type { ArtifactsSpec, BuildSpec, CacheSpec } from "../../core/build/spec.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import { separatedCaches } from "../../core/build/cache-keys.ts";
import { allVariables, withoutRaw } from "../../core/build/variables.ts";

const artifactsFile = (summary: BuildSummary) => {
  const archive = summary.artifacts.find((artifact) => artifact.type === "archive");
  if (archive === undefined) return {};
  const expiresAt = archive.expiresAtMs === null ? null : new Date(archive.expiresAtMs).toISOString();
  return {
    artifacts_file: { filename: archive.filename, size: archive.sizeBytes },
    artifacts_expire_at: expiresAt,
  };
};

/** What every shape of a build has in common. */
const outline = (summary: BuildSummary, projectName?: string) => ({
  id: summary.id,
  ref: summary.ref,
  tag: summary.tag,
  sha: summary.sha,
  status: summary.status,
  name: summary.name,
  stage: summary.stage,
  project_id: summary.projectId,
  project_name: projectName,
  ...artifactsFile(summary),
});

/** 1.11.5 downloads from each entry with that entry's own token. */
const dependsOn = ({ build, downloadToken }: ClaimedDependency, projectName: string) => ({
  ...outline(build, projectName),
  token: downloadToken,
});

const artifactOptions = ({ name, untracked, paths, when, expireIn }: ArtifactsSpec) => ({
  name,
  untracked,
  paths,
  when,
  expire_in: expireIn,
});

const cacheOptions = ({ key, untracked, paths }: CacheSpec) => ({ key, untracked, paths });

/**
 * 1.11.5 reads image and services as strings and one cache only; a map would break it, so entrypoints, commands and
 * aliases are lost here. What is undefined is left out of the JSON.
 */
const options = (spec: BuildSpec) => ({
  image: spec.image?.name,
  services: spec.services.length === 0 ? undefined : spec.services.map((service) => service.name),
  artifacts: spec.artifacts === null ? undefined : artifactOptions(spec.artifacts),
  cache: firstCache(spec),
  after_script: spec.afterScript.length === 0 ? undefined : spec.afterScript,
});

const firstCache = (spec: BuildSpec) => {
  const [first] = separatedCaches(spec);
  return first && cacheOptions(first);
};

/** The answer to an upload. */
export const presentBuild = (summary: BuildSummary) => outline(summary);

/** The answer to builds/register: everything that the runner needs. `serverUrl`: see `jobServerUrl`. */
export const presentClaimed = (claimed: ClaimedBuild, runner: Runner, serverUrl: string) => {
  const { summary, spec, project, token } = claimed;
  const timeout = timeoutOn(runner, spec.timeoutSeconds);
  const variables = withoutRaw(
    allVariables({
      build: { id: summary.id, token, startedAtMs: summary.startedAtMs ?? Date.now(), timeoutSeconds: timeout },
      spec,
      project,
      runner: { ...runner, tags: runner.tags.join(", ") },
      inherited: claimed.dependencies.flatMap((each) => each.variables),
      server: { url: serverUrl, version: VERSION, revision: REVISION },
    }),
  );
  return {
    ...outline(summary, project.name),
    token,
    commands: [...spec.beforeScript, ...spec.script].join("\n"),
    repo_url: project.repoUrl,
    before_sha: summary.beforeSha,
    allow_git_fetch: spec.allowGitFetch,
    timeout,
    // 1.11.5 knows these three and `file`; what it doesn't know it ignores.
    variables: variables.map(({ key, value, public: shown, file }) => ({ key, value, public: shown, file })),
    options: options(spec),
    depends_on_builds: claimed.dependencies.map((each) => dependsOn(each, project.name)),
    credentials: [],
  };
};
