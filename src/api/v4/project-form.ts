/** What `POST` and `PUT /projects` take. */
import * as v from "valibot";
import { DEFAULT_SETTINGS, fullPath, pathFromName } from "../../core/project.ts";
import type { Project, ProjectSettings } from "../../core/project.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { given } from "../../http/given.ts";
import { looseBoolean, looseInteger, looseString } from "../../http/loose.ts";
import { absentSetting } from "./absent-settings.ts";
import { line, MAX_TIMEOUT_SECONDS, NOT_IN_LIST } from "./form.ts";

/** As much as a pipeline's file may have. */
export const MAX_CI_CONFIG_BYTES = 1024 * 1024;
/** Room for it in JSON, which may write a character as six. */
export const MAX_PROJECT_FORM_BYTES = 6 * MAX_CI_CONFIG_BYTES;

/** What has a scheme must parse: else nobody could tell its credentials, which are not to be shown, from the rest. */
const isReadable = (address: string): boolean => !/^[a-z][a-z0-9+.-]*:\/\//i.test(address) || URL.canParse(address);

/** As long as GitLab lets it be. */
const regex = v.pipe(v.string(), v.maxLength(255), v.regex(/^\P{Cc}*$/u));

const isWithinBytes = (text: string): boolean => new TextEncoder().encode(text).byteLength <= MAX_CI_CONFIG_BYTES;

const topics = v.pipe(
  v.union([looseString, v.array(looseString)]),
  v.transform((value) => [value].flat().flatMap((text) => text.split(","))),
  v.transform((names) => [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))]),
  v.maxLength(100, "has more than 100 topics"),
  v.everyItem((name) => name.length <= 255, "has a topic of more than 255 characters"),
);

const level = v.picklist(["enabled", "private"], NOT_IN_LIST);

const formFields = v.looseObject({
  name: v.optional(line),
  path: v.optional(line),
  description: v.optional(v.pipe(v.string(), v.maxLength(2000))),
  // Runners get it as it is: only what no URL and no path on a disk can have is refused.
  repo_url: v.optional(v.pipe(v.string(), v.maxLength(2048), v.regex(/^[^\s\p{Cc}]*$/u), v.check(isReadable))),
  default_branch: v.optional(line),
  visibility: v.optional(v.picklist(["private", "internal", "public"], NOT_IN_LIST)),
  build_timeout: v.optional(v.pipe(looseInteger, v.minValue(1), v.maxValue(MAX_TIMEOUT_SECONDS))),
  shared_runners_enabled: v.optional(looseBoolean),
  ci_default_git_depth: v.optional(v.pipe(looseInteger, v.minValue(0), v.maxValue(1000))),
  build_git_strategy: v.optional(v.picklist(["fetch", "clone"], NOT_IN_LIST)),
  archived: v.optional(looseBoolean),
  topics: v.optional(topics),
  // Its older name.
  tag_list: v.optional(topics),
  ci_config_path: v.optional(v.pipe(v.string(), v.maxLength(255), v.regex(/^\P{Cc}*$/u))),
  ci_config: v.optional(v.pipe(v.string(), v.check(isWithinBytes, `has more than ${MAX_CI_CONFIG_BYTES} bytes`))),
  build_coverage_regex: v.optional(regex),
  auto_cancel_pending_pipelines: v.optional(v.picklist(["enabled", "disabled"], NOT_IN_LIST)),
  keep_latest_artifact: v.optional(looseBoolean),
  group_runners_enabled: v.optional(looseBoolean),
  public_jobs: v.optional(looseBoolean),
  // Older names, and the newer one for the same.
  public_builds: v.optional(looseBoolean),
  builds_access_level: v.optional(level),
});

/** Also refuses what Signalbox doesn't have. */
export const projectForm = v.pipe(
  formFields,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const absent = absentSetting(dataset.value);
    if (absent === null) return;
    const input = dataset.value;
    const path = { type: "object", origin: "value", input, key: absent, value: input[absent] } as const;
    addIssue({ message: "can't be set: Signalbox doesn't have it", path: [path] });
  }),
);

type ProjectForm = v.InferOutput<typeof projectForm>;

/** Errors: `invalid` path, one that can't be made from the name, or neither of them. */
export const newProject = (form: ProjectForm): Outcome<{ path: string; settings: ProjectSettings }> => {
  const asked = form.path ?? (form.name === undefined ? null : pathFromName(form.name));
  if (asked === null) {
    const message = "are missing, at least one parameter must be provided";
    return refuse({ reason: "invalid", field: "name, path", message });
  }
  const path = fullPath(asked);
  if (path === null) {
    const message = form.path === undefined ? "can't be made from this name, give one" : "is invalid";
    return refuse({ reason: "invalid", field: "path", message });
  }
  const name = form.name ?? path.slice(path.lastIndexOf("/") + 1);
  return accept({ path, settings: { ...DEFAULT_SETTINGS, ...settingsIn(form), name } });
};

/** What the form changes of a project. Errors: `invalid` for another path than the project has. */
export const projectChange = (form: ProjectForm, project: Project): Outcome<Partial<ProjectSettings>> => {
  const isSamePath = form.path === undefined || project.path === form.path || project.path.endsWith(`/${form.path}`);
  if (isSamePath) return accept(settingsIn(form));
  return refuse({ reason: "invalid", field: "path", message: "is fixed once the project is created" });
};

const isEnabled = (level: string | undefined): boolean | undefined =>
  level === undefined ? undefined : level === "enabled";

const settingsIn = (form: ProjectForm): Partial<ProjectSettings> =>
  given({
    name: form.name,
    description: form.description,
    repoUrl: form.repo_url,
    defaultBranch: form.default_branch,
    visibility: form.visibility,
    buildTimeoutSeconds: form.build_timeout,
    sharedRunnersEnabled: form.shared_runners_enabled,
    gitDepth: form.ci_default_git_depth,
    gitStrategy: form.build_git_strategy,
    archived: form.archived,
    topics: form.topics ?? form.tag_list,
    configPath: form.ci_config_path,
    coverageRegex: form.build_coverage_regex,
    autoCancelPending: isEnabled(form.auto_cancel_pending_pipelines),
    keepLatestArtifact: form.keep_latest_artifact,
    groupRunnersEnabled: form.group_runners_enabled,
    publicJobs: form.public_jobs ?? form.public_builds ?? isEnabled(form.builds_access_level),
  });
