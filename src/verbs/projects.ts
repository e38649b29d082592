/** Projects, whoever asks: find, list, create, show, change, delete; and the token that registers their runners. */
import type { Project, ProjectSettings } from "../core/project.ts";
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

/** Errors: `taken` path. */
export const createProject = (env: Env, path: string, settings: ProjectSettings): Promise<Outcome<Project>> =>
  directoryStub(env).createProject(path, settings);

/** The project's own word: the directory's copy may lag. Errors: `not_found`. */
export const showProject = (env: Env, id: number): Promise<Outcome<Project>> =>
  retrying(async () => projectStub(env, id).get());

/** Errors: `not_found`. */
export const updateProject = (env: Env, id: number, change: Partial<ProjectSettings>): Promise<Outcome<Project>> =>
  projectStub(env, id).update(change);

/** Begins the removal of the project and all that it has. Errors: `not_found`. */
export const deleteProject = (env: Env, id: number): Promise<Outcome<null>> => projectStub(env, id).remove();

/** What registers runners for this project alone. */
export const runnersToken = (env: Env, { id, tokenEpoch }: Project): string =>
  tokenKeys(env).sign({ kind: "project", queue: DEFAULT_QUEUE, id, epoch: tokenEpoch });

/** A new `runners_token`; the old one is refused from then on. Errors: `not_found`. */
export const resetRunnersToken = (env: Env, id: number): Promise<Outcome<Project>> => projectStub(env, id).resetToken();
