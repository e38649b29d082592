/** Projects, whoever asks: find, list, create, show, change, delete; and the token that registers their runners. */
import type { Project, ProjectSettings } from "../core/project.ts";
import { accept, refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { ProjectList, ProjectQuery } from "../projects/directory-store.ts";
import { tokenKeys } from "../settings.ts";
import { DEFAULT_QUEUE, directoryStub, projectStub } from "../stubs.ts";
import { retrying } from "./call.ts";

/** By id, or by full path. No project's object is called for an id that the directory doesn't know. Errors: `not_found`. */
export const findProject = (env: Env, reference: number | string): Promise<Outcome<Project>> =>
  retrying(async () => directoryStub(env).find(reference));

/** Those of these ids that there are. */
export const findProjects = async (env: Env, ids: Iterable<number>): Promise<Project[]> => {
  const found = await Promise.all([...ids].map((id) => findProject(env, id)));
  return found.flatMap((project) => (project.ok ? [project.value] : []));
};

export const listProjects = (env: Env, query: ProjectQuery): Promise<ProjectList> =>
  retrying(async () => directoryStub(env).list(query));

/** A project by itself, with what lists don't have. */
export interface ShownProject {
  readonly project: Project;
  /** The text of a `.gitlab-ci.yml` that is kept with the project; "" for none. */
  readonly ciConfig: string;
}

export interface ProjectChange {
  readonly settings: Partial<ProjectSettings>;
  /** Null leaves it as it is. */
  readonly ciConfig: string | null;
}

/** Errors: `taken` path. */
export const createProject = async (
  env: Env,
  path: string,
  settings: ProjectSettings,
  ciConfig: string | null,
): Promise<Outcome<ShownProject>> => {
  const project = await directoryStub(env).createProject(path, settings);
  if (!project.ok) return refuse(project.refusal);
  if (ciConfig !== null) return updateProject(env, project.value.id, { settings: {}, ciConfig });
  return accept({ project: project.value, ciConfig: "" });
};

/** The project's own word: the directory's copy may lag. Errors: `not_found`. */
export const currentProject = (env: Env, id: number): Promise<Outcome<Project>> =>
  retrying(async () => projectStub(env, id).get());

/** Errors: `not_found`. */
export const showProject = async (env: Env, id: number): Promise<Outcome<ShownProject>> =>
  withConfig(await currentProject(env, id), await ciConfigOf(env, id));

/** Errors: `not_found`. */
export const ciConfigOf = (env: Env, id: number): Promise<Outcome<string>> =>
  retrying(async () => projectStub(env, id).ciConfig());

/** Errors: `not_found`. */
export const updateProject = async (
  env: Env,
  id: number,
  { settings, ciConfig }: ProjectChange,
): Promise<Outcome<ShownProject>> =>
  withConfig(await projectStub(env, id).update(settings, ciConfig), await ciConfigOf(env, id));

const withConfig = (project: Outcome<Project>, ciConfig: Outcome<string>): Outcome<ShownProject> => {
  if (!project.ok) return refuse(project.refusal);
  return ciConfig.ok ? accept({ project: project.value, ciConfig: ciConfig.value }) : refuse(ciConfig.refusal);
};

/** Begins the removal of the project and all that it has. Errors: `not_found`. */
export const deleteProject = (env: Env, id: number): Promise<Outcome<null>> => projectStub(env, id).remove();

/** What registers runners for this project alone. */
export const runnersToken = (env: Env, { id, tokenEpoch }: Project): string =>
  tokenKeys(env).sign({ kind: "project", queue: DEFAULT_QUEUE, id, epoch: tokenEpoch });

/** A new `runners_token`; the old one is refused from then on. Errors: `not_found`. */
export const resetRunnersToken = (env: Env, id: number): Promise<Outcome<Project>> => projectStub(env, id).resetToken();
