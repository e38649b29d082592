/** What `POST` and `PUT /projects` take. */
import * as v from "valibot";
import { DEFAULT_SETTINGS, fullPath, pathFromName } from "../../core/project.ts";
import type { Project, ProjectSettings } from "../../core/project.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { given } from "../../http/given.ts";
import { looseBoolean, looseInteger } from "../../http/loose.ts";
import { line, MAX_TIMEOUT_SECONDS, NOT_IN_LIST } from "./form.ts";

/** What has a scheme must parse: else nobody could tell its credentials, which are not to be shown, from the rest. */
const isReadable = (address: string): boolean => !/^[a-z][a-z0-9+.-]*:\/\//i.test(address) || URL.canParse(address);

export const projectForm = v.object({
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
});

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
  });
