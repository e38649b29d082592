/** Projects: list, create, show, change, delete; and the token that registers their runners. */
import * as v from "valibot";
import type { Project } from "../../core/project.ts";
import { accept } from "../../core/refusal.ts";
import { looseString } from "../../http/loose.ts";
import { readPage } from "../../http/pagination.ts";
import { originOf } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import type { ConsumerHandler } from "./handler.ts";
import * as projects from "../../verbs/projects.ts";
import { projectEntity } from "./entities.ts";
import { NOT_IN_LIST, readForm } from "./form.ts";
import { offsetOf, orderParams, pageResponse } from "./lists.ts";
import { newProject, projectChange, projectForm } from "./project-form.ts";
import { withProject } from "./targets.ts";

const present = (context: FrontContext, project: Project): object =>
  projectEntity(project, originOf(context), projects.runnersToken(context.env, project));

/** GitLab's orders; those by time are all that of creation here. */
const ORDERS = ["id", "created_at", "updated_at", "last_activity_at", "name", "path"] as const;

const listForm = v.object({
  ...orderParams,
  order_by: v.optional(v.picklist(ORDERS, NOT_IN_LIST), "created_at"),
  search: v.optional(looseString, ""),
});

export const listProjects: ConsumerHandler = async (context) => {
  const form = await readForm(context, listForm);
  if (!form.ok) return form;
  const page = readPage(context.req.query());
  const { search, sort, order_by: order } = form.value;
  const orderBy = order === "name" || order === "path" ? order : "id";
  const query = { search, orderBy, ascending: sort === "asc" } as const;
  const offset = offsetOf(page);
  const found = await projects.listProjects(context.env, { ...query, limit: page.perPage, offset });
  const entities = found.projects.map((project) => present(context, project));
  return accept(pageResponse(context, entities, page, found.total, offset + entities.length < found.total));
};

export const createProject: ConsumerHandler = async (context) => {
  const form = await readForm(context, projectForm);
  if (!form.ok) return form;
  const asked = newProject(form.value);
  if (!asked.ok) return asked;
  const { path, settings } = asked.value;
  const project = await projects.createProject(context.env, path, { ...settings, serverUrl: originOf(context) });
  return project.ok ? accept(context.json(present(context, project.value), 201)) : project;
};

export const showProject: ConsumerHandler = withProject(async (context, { id }) => {
  const project = await projects.showProject(context.env, id);
  return project.ok ? accept(context.json(present(context, project.value))) : project;
});

export const updateProject: ConsumerHandler = withProject(async (context, known) => {
  const form = await readForm(context, projectForm);
  if (!form.ok) return form;
  const change = projectChange(form.value, known);
  if (!change.ok) return change;
  const project = await projects.updateProject(context.env, known.id, change.value);
  return project.ok ? accept(context.json(present(context, project.value))) : project;
});

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
