/** `GET /projects`: which projects, and how they are shown. What a filter asks for is done or refused, never ignored. */
import * as v from "valibot";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { looseBoolean, looseInteger, looseString } from "../../http/loose.ts";
import { readPage } from "../../http/pagination.ts";
import { originOf } from "../../http/public-url.ts";
import type { ProjectFilter, ProjectQuery } from "../../projects/directory-store.ts";
import { listProjects as list } from "../../verbs/projects.ts";
import { basicProjectEntity, projectEntity } from "./entities/project.ts";
import { NOT_IN_LIST, readForm } from "./form.ts";
import type { ConsumerHandler } from "./handler.ts";
import { offsetOf, orderParams, pageResponse } from "./lists.ts";

/** GitLab's orders; those by time are all that of creation here, and no project has stars. */
const ORDERS = ["id", "created_at", "updated_at", "last_activity_at", "star_count", "name", "path"] as const;

const time = v.pipe(
  looseString,
  v.transform((text) => Date.parse(text)),
  v.check((ms) => !Number.isNaN(ms), "is invalid"),
);
const id = v.pipe(looseInteger, v.minValue(0));
const flag = v.optional(looseBoolean);

const listForm = v.looseObject({
  ...orderParams,
  order_by: v.optional(v.picklist(ORDERS, NOT_IN_LIST), "created_at"),
  search: v.optional(looseString, ""),
  simple: v.optional(looseBoolean, false),
  visibility: v.optional(v.picklist(["private", "internal", "public"], NOT_IN_LIST)),
  archived: flag,
  topic: v.optional(looseString, ""),
  id_after: v.optional(id),
  id_before: v.optional(id),
  last_activity_after: v.optional(time),
  last_activity_before: v.optional(time),
  updated_after: v.optional(time),
  updated_before: v.optional(time),
  // The administrator owns and is a member of all projects.
  owned: flag,
  membership: flag,
  min_access_level: v.optional(looseInteger),
  // No project has these.
  starred: flag,
  imported: flag,
  with_issues_enabled: flag,
  with_merge_requests_enabled: flag,
});

type ListForm = v.InferOutput<typeof listForm>;

const UNSUPPORTED = [
  "topic_id",
  "with_programming_language",
  "wiki_checksum_failed",
  "repository_checksum_failed",
  "repository_storage",
  "marked_for_deletion_on",
  "custom_attributes",
];

export const listProjects: ConsumerHandler = async (context) => {
  const form = await readForm(context, listForm);
  if (!form.ok) return form;
  const filter = filterOf(form.value);
  if (!filter.ok) return filter;
  const { sort, order_by: order, simple } = form.value;
  const page = readPage(context.req.query());
  const offset = offsetOf(page);
  const query: ProjectQuery = {
    ...filter.value,
    orderBy: order === "name" || order === "path" ? order : "id",
    ascending: sort === "asc",
    limit: page.perPage,
    offset,
  };
  const found = await list(context.env, query);
  const present = simple ? basicProjectEntity : projectEntity;
  const entities = found.projects.map((project) => present(project, originOf(context)));
  return accept(pageResponse(context, entities, page, found.total, offset + entities.length < found.total));
};

const filterOf = (form: ListForm): Outcome<ProjectFilter> => {
  const unsupported = UNSUPPORTED.find((name) => form[name] !== undefined);
  if (unsupported !== undefined) {
    return refuse({ reason: "invalid", field: unsupported, message: "is a filter that Signalbox doesn't have" });
  }
  const asksForNone =
    form.starred === true ||
    form.imported === true ||
    form.with_issues_enabled === true ||
    form.with_merge_requests_enabled === true;
  // Nothing happens to a project but that it is created, as far as its times tell.
  const after = Math.max(form.last_activity_after ?? -Infinity, form.updated_after ?? -Infinity);
  const before = Math.min(form.last_activity_before ?? Infinity, form.updated_before ?? Infinity);
  return accept({
    search: form.search,
    visibility: form.visibility ?? null,
    archived: form.archived ?? null,
    topics: form.topic.split(",").flatMap((topic) => (topic.trim() === "" ? [] : [topic.trim()])),
    idAfter: form.id_after ?? null,
    idBefore: asksForNone ? 0 : (form.id_before ?? null),
    createdAfterMs: Number.isFinite(after) ? after : null,
    createdBeforeMs: Number.isFinite(before) ? before : null,
  });
};
