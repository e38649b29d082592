/** Projects: create, show, change, archive, delete; and the token that registers their runners. */
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { originOf } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import type { ConsumerHandler } from "./handler.ts";
import * as projects from "../../verbs/projects.ts";
import { projectEntity } from "./entities/project.ts";
import { readForm } from "./form.ts";
import { MAX_PROJECT_FORM_BYTES, newProject, projectChange, projectForm } from "./project-form.ts";
import { withProject } from "./targets.ts";

/** By itself a project is shown with the token that registers its runners; in a list nobody is shown it. */
const present = (context: FrontContext, { project, ciConfig }: projects.ShownProject): object => ({
  ...projectEntity(project, originOf(context)),
  runners_token: projects.runnersToken(context.env, project),
  ci_config: ciConfig,
});

export const createProject: ConsumerHandler = async (context) => {
  const form = await readForm(context, projectForm, MAX_PROJECT_FORM_BYTES);
  if (!form.ok) return form;
  const asked = newProject(form.value);
  if (!asked.ok) return asked;
  const { path, settings } = asked.value;
  const own = { ...settings, serverUrl: originOf(context) };
  const project = await projects.createProject(context.env, path, own, form.value.ci_config ?? null);
  return project.ok ? accept(context.json(present(context, project.value), 201)) : project;
};

export const showProject: ConsumerHandler = withProject(async (context, { id }) =>
  projectResponse(context, await projects.showProject(context.env, id)),
);

export const updateProject: ConsumerHandler = withProject(async (context, known) => {
  const form = await readForm(context, projectForm, MAX_PROJECT_FORM_BYTES);
  if (!form.ok) return form;
  const settings = projectChange(form.value, known);
  if (!settings.ok) return settings;
  const change = { settings: settings.value, ciConfig: form.value.ci_config ?? null };
  return projectResponse(context, await projects.updateProject(context.env, known.id, change));
});

const archiving = (archived: boolean): ConsumerHandler =>
  withProject(async (context, { id }) => {
    const project = await projects.updateProject(context.env, id, { settings: { archived }, ciConfig: null });
    return project.ok ? accept(context.json(present(context, project.value), 201)) : project;
  });

export const archiveProject = archiving(true);
export const unarchiveProject = archiving(false);

const projectResponse = (context: FrontContext, project: Outcome<projects.ShownProject>): Outcome<Response> =>
  project.ok ? accept(context.json(present(context, project.value))) : project;

export const deleteProject: ConsumerHandler = withProject(async (context, { id }) => {
  const removed = await projects.deleteProject(context.env, id);
  return removed.ok ? accept(context.json({ message: "202 Accepted" }, 202)) : removed;
});

export const resetRunnersToken: ConsumerHandler = withProject(async (context, { id }) => {
  const project = await projects.resetRunnersToken(context.env, id);
  if (!project.ok) return project;
  const token = projects.runnersToken(context.env, project.value);
  return accept(context.json({ token, token_expires_at: null }, 201));
});
