import type { DotenvVariable } from "../artifact/dotenv.ts";
import { isFullRef } from "../ref.ts";
import { refSlug } from "../ref-slug.ts";
import { urlSecret } from "../url-secret.ts";
import { authorOf, descriptionOf, titleOf } from "./commit-ref.ts";
import type { BuildSpec, ProjectSnapshot, Variable } from "./spec.ts";

export interface VariableContext {
  readonly build: {
    readonly id: number;
    /** Of the attempt that is being claimed. */
    readonly token: string;
    readonly startedAtMs: number;
    /** How long it may run, on this runner. */
    readonly timeoutSeconds: number;
  };
  readonly spec: BuildSpec;
  readonly project: ProjectSnapshot;
  /** `tags` is a text: it differs between the generations of runners. */
  readonly runner: { readonly id: number; readonly description: string; readonly tags: string };
  /** From the dotenv reports of the build's dependencies, in their order. */
  readonly inherited: readonly DotenvVariable[];
  readonly server: {
    /** Address under which people reach the server, without a slash at its end. */
    readonly url: string;
    /** Semantic version. */
    readonly version: string;
    readonly revision: string;
  };
}

/** GitLab tells times in these variables to the second. */
const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

type Group = (context: VariableContext) => Readonly<Record<string, string>>;

/** The names of GitLab 8, for scripts written for the legacy runners. */
const build: Group = ({ build, spec, project, server }) => ({
  CI: "true",
  GITLAB_CI: "true",
  CI_BUILD_ID: `${build.id}`,
  CI_BUILD_TOKEN: build.token,
  CI_BUILD_REF: spec.sha,
  CI_BUILD_BEFORE_SHA: spec.beforeSha,
  CI_BUILD_REF_NAME: spec.ref,
  CI_BUILD_REF_SLUG: refSlug(spec.ref),
  CI_BUILD_NAME: spec.name,
  CI_BUILD_STAGE: spec.stage,
  CI_BUILD_REPO: project.repoUrl,
  CI_SERVER_NAME: "Signalbox",
  CI_SERVER_VERSION: server.version,
  CI_SERVER_REVISION: server.revision,
  ...(spec.tag ? { CI_BUILD_TAG: spec.ref } : {}),
});

const job: Group = ({ build, spec, project, server }) => ({
  CI_JOB_ID: `${build.id}`,
  CI_JOB_NAME: spec.name,
  CI_JOB_NAME_SLUG: refSlug(spec.name),
  CI_JOB_STAGE: spec.stage,
  CI_JOB_TIMEOUT: `${build.timeoutSeconds}`,
  CI_JOB_STARTED_AT: isoSeconds(build.startedAtMs),
  CI_JOB_TOKEN: build.token,
  CI_JOB_URL: `${server.url}/${project.path}/-/jobs/${build.id}`,
  CI_JOB_GROUP_NAME: spec.name,
  ...(spec.image === null ? {} : { CI_JOB_IMAGE: spec.image.name }),
  CI_NODE_TOTAL: "1",
  CI_REPOSITORY_URL: project.repoUrl,
});

const VERSION = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/;

const server: Group = ({ server }) => {
  const { protocol, host, hostname, port } = new URL(server.url);
  const [, major = "0", minor = "0", patch = "0"] = VERSION.exec(server.version) ?? [];
  return {
    CI_SERVER: "yes",
    CI_SERVER_URL: server.url,
    CI_SERVER_HOST: hostname,
    CI_SERVER_FQDN: host,
    CI_SERVER_PORT: port || (protocol === "https:" ? "443" : "80"),
    CI_SERVER_PROTOCOL: protocol.slice(0, -1),
    CI_SERVER_VERSION_MAJOR: major,
    CI_SERVER_VERSION_MINOR: minor,
    CI_SERVER_VERSION_PATCH: patch,
    CI_API_V4_URL: `${server.url}/api/v4`,
    CI_API_GRAPHQL_URL: `${server.url}/api/graphql`,
  };
};

const project: Group = ({ project, server }) => {
  const segments = project.path.split("/");
  const namespace = segments.slice(0, -1).join("/");
  return {
    CI_PROJECT_ID: `${project.id}`,
    // GitLab's name here is the path's last part, and its title what people call the project.
    CI_PROJECT_NAME: segments.at(-1) ?? "",
    CI_PROJECT_TITLE: project.name,
    CI_PROJECT_DESCRIPTION: project.description,
    CI_PROJECT_PATH: project.path,
    CI_PROJECT_PATH_SLUG: refSlug(project.path),
    CI_PROJECT_NAMESPACE: namespace,
    CI_PROJECT_NAMESPACE_SLUG: refSlug(namespace),
    // Groups are no more than a part of the path: they have no number.
    CI_PROJECT_NAMESPACE_ID: "0",
    CI_PROJECT_ROOT_NAMESPACE: segments[0] ?? "",
    CI_PROJECT_URL: `${server.url}/${project.path}`,
    CI_PROJECT_VISIBILITY: project.visibility,
    CI_PROJECT_CLASSIFICATION_LABEL: "",
    CI_PROJECT_REPOSITORY_LANGUAGES: "",
    CI_DEFAULT_BRANCH: project.defaultBranch,
    CI_CONFIG_PATH: project.configPath ?? ".gitlab-ci.yml",
  };
};

const pipeline: Group = ({ spec: { pipeline }, project, server }) => ({
  CI_PIPELINE_ID: `${pipeline.id}`,
  CI_PIPELINE_IID: `${pipeline.iid}`,
  CI_PIPELINE_CREATED_AT: isoSeconds(pipeline.createdAtMs),
  CI_PIPELINE_SOURCE: pipeline.source,
  CI_PIPELINE_URL: `${server.url}/${project.path}/-/pipelines/${pipeline.id}`,
});

/** What isn't known is empty: scripts under `set -u` need it to be there. */
const commit: Group = ({ spec }) => ({
  CI_COMMIT_SHA: spec.sha,
  CI_COMMIT_SHORT_SHA: spec.sha.slice(0, 8),
  CI_COMMIT_BEFORE_SHA: spec.beforeSha,
  CI_COMMIT_REF_NAME: spec.ref,
  CI_COMMIT_REF_SLUG: refSlug(spec.ref),
  CI_COMMIT_REF_PROTECTED: `${spec.refProtected}`,
  // A ref that is neither is no branch by name, so that no rule takes it for one.
  ...(spec.tag ? { CI_COMMIT_TAG: spec.ref } : isFullRef(spec.ref) ? {} : { CI_COMMIT_BRANCH: spec.ref }),
  CI_COMMIT_TITLE: titleOf(spec.commit),
  CI_COMMIT_MESSAGE: spec.commit.message,
  CI_COMMIT_DESCRIPTION: descriptionOf(spec.commit),
  CI_COMMIT_AUTHOR: authorOf(spec.commit),
  CI_COMMIT_TIMESTAMP: spec.commit.committedAt,
});

const runner: Group = ({ runner }) => ({
  CI_RUNNER_ID: `${runner.id}`,
  CI_RUNNER_DESCRIPTION: runner.description,
  CI_RUNNER_TAGS: runner.tags,
});

const user: Group = ({ spec: { user }, server }) => ({
  GITLAB_USER_ID: `${user.id}`,
  GITLAB_USER_LOGIN: user.username,
  GITLAB_USER_NAME: user.name,
  // Git makes no commit without an address.
  GITLAB_USER_EMAIL: `${user.username}@${new URL(server.url).hostname}`,
});

const GROUPS = [build, job, server, project, pipeline, commit, runner, user];

const TOKENS = new Set(["CI_BUILD_TOKEN", "CI_JOB_TOKEN"]);

/** Its owner may have written credentials into the URL. */
const REPOSITORY_URLS = new Set(["CI_BUILD_REPO", "CI_REPOSITORY_URL"]);

/** What every build is told about itself, in GitLab's words of both generations and in its order. */
export const predefinedVariables = (context: VariableContext): Variable[] =>
  GROUPS.flatMap((group) => Object.entries(group(context))).map(([key, value]) => ({
    key,
    value,
    public: !TOKENS.has(key) && !REPOSITORY_URLS.has(key),
    masked: TOKENS.has(key) || (REPOSITORY_URLS.has(key) && urlSecret(value) !== null),
    file: false,
    // Somebody else chose the text of a branch, a job or a commit: what looks like a variable in it is none.
    raw: value.includes("$"),
  }));

/** As GitLab has it: nobody is shown the value, and what looks like a variable in it is expanded. */
const inheritedVariable = ({ key, value }: DotenvVariable): Variable => ({
  key,
  value,
  public: false,
  masked: false,
  file: false,
  raw: false,
});

/**
 * The predefined ones, those of its dependencies' dotenv reports, and the build's own: of two with one name the runner takes
 * the later. Who creates a job by the API gives its variables as one gives them to a pipeline: they beat a report's. A
 * report never says where the server, the repository or a page of ours is, or what the job's token is.
 */
export const allVariables = (context: VariableContext): Variable[] => {
  const { spec, inherited } = context;
  const predefined = predefinedVariables(context);
  const addresses = predefined.map(({ key }) => key).filter((key) => key.endsWith("_URL"));
  const untouchable = new Set([...TOKENS, ...REPOSITORY_URLS, ...Object.keys(server(context)), ...addresses]);
  return [
    ...predefined,
    ...inherited.filter(({ key }) => !untouchable.has(key)).map(inheritedVariable),
    ...spec.variables,
  ];
};

/**
 * For runners that don't know `raw` and would expand every value: a `$` that is to stay is doubled. What a generation of
 * runners can't be told is translated, not dropped.
 */
export const withoutRaw = (variables: readonly Variable[]): Variable[] =>
  variables.map((variable) =>
    variable.raw ? { ...variable, value: variable.value.replaceAll("$", "$$$$"), raw: false } : variable,
  );
