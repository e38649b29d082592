/** Runners as their administrator sees them: list, show, change, remove, and what they ran. */
import * as v from "valibot";
import { BUILD_STATUSES } from "../../core/build/build.ts";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { Project } from "../../core/project.ts";
import type { RunnerSummary } from "../../core/runner/runner.ts";
import { buildStub, queueStub } from "../../stubs.ts";
import { retrying } from "../../verbs/call.ts";
import { looseBoolean, looseString, tagList, validate } from "../../http/loose.ts";
import { readPage } from "../../http/pagination.ts";
import { readParams } from "../../http/params.ts";
import { settingFields, runnerSettingsOf } from "../../http/runner-settings.ts";
import { resetRunnerToken } from "../../verbs/runners.ts";
import { MAX_FORM_BYTES, NOT_IN_LIST, readForm } from "./form.ts";
import { originOf } from "../../http/front.ts";
import type { FrontContext, Handler } from "../../http/front.ts";
import { presentJobs } from "./job-view.ts";
import { orderParams, pageOf, pageResponse } from "./lists.ts";
import { runnerDetails, runnerEntity, runnerStatus, runnerType } from "./runner-entity.ts";
import { findProject, withRunner } from "./targets.ts";

const listForm = v.object({
  type: v.optional(v.picklist(["instance_type", "group_type", "project_type"], NOT_IN_LIST)),
  status: v.optional(v.picklist(["online", "offline", "stale", "never_contacted", "active", "paused"], NOT_IN_LIST)),
  paused: v.optional(looseBoolean),
  tag_list: v.optional(tagList, []),
  version_prefix: v.optional(looseString, ""),
});

type Filter = v.InferOutput<typeof listForm>;

const hasStatus = (runner: RunnerSummary, status: NonNullable<Filter["status"]>, nowMs: number): boolean => {
  if (status === "active" || status === "paused") return runner.paused === (status === "paused");
  return runnerStatus(runner, nowMs) === status;
};

const passes = (runner: RunnerSummary, filter: Filter, nowMs: number): boolean =>
  (filter.type === undefined || runnerType(runner) === filter.type) &&
  (filter.status === undefined || hasStatus(runner, filter.status, nowMs)) &&
  (filter.paused === undefined || runner.paused === filter.paused) &&
  filter.tag_list.every((tag) => runner.tags.includes(tag)) &&
  (runner.info.version ?? "").startsWith(filter.version_prefix);

export const listRunners: Handler = async (context) => {
  const form = await readForm(context, listForm);
  if (!form.ok) return form;
  const nowMs = Date.now();
  const runners = await retrying(async () => queueStub(context.env).runners());
  const found = runners.filter((runner) => passes(runner, form.value, nowMs)).toReversed();
  const page = readPage(context.req.query());
  const shown = pageOf(found, page);
  const entities = shown.map((runner) => runnerEntity(runner, nowMs));
  return accept(pageResponse(context, entities, page, found.length, page.page * page.perPage < found.length));
};

export const showRunner: Handler = withRunner(async (context, id) =>
  runnerResponse(context, await retrying(async () => queueStub(context.env).runner(id))),
);

const changeForm = v.object(settingFields);

export const updateRunner: Handler = withRunner(async (context, id) => {
  // Not as a form, in which null is not given: here it may take a limit away.
  const params = await readParams(context.req.raw, MAX_FORM_BYTES);
  if (!params.ok) return params;
  const form = validate(changeForm, params.value);
  if (!form.ok) return form;
  const change = runnerSettingsOf(form.value);
  if (!change.ok) return change;
  return runnerResponse(context, await retrying(async () => queueStub(context.env).updateRunner(id, change.value)));
});

export const deleteRunner: Handler = withRunner(async (context, id) => {
  const removed = await queueStub(context.env).removeRunner(id, null);
  return removed.ok ? accept(context.body(null, 204)) : removed;
});

export const resetToken: Handler = withRunner(async (context, id) => {
  const reset = await resetRunnerToken(context.env, id);
  return reset.ok ? accept(context.json({ token: reset.value.token, token_expires_at: null }, 201)) : reset;
});

const jobsForm = v.object({ ...orderParams, status: v.optional(v.picklist(BUILD_STATUSES, NOT_IN_LIST)) });

/** Of the last hundred that it claimed, those that it still holds or has finished: others went on to another runner. */
export const listRunnerJobs: Handler = withRunner(async (context, id) => {
  const form = await readForm(context, jobsForm);
  if (!form.ok) return form;
  const { status, sort } = form.value;
  const ids = await retrying(async () => queueStub(context.env).runnerBuilds(id));
  if (!ids.ok) return ids;
  const asked = ids.value.map((buildId) => retrying(async () => buildStub(context.env, buildId).summary()));
  const builds = (await Promise.all(asked))
    .flatMap((build) => (build.ok ? [build.value] : []))
    .filter((build) => build.runner?.id === id && (status === undefined || build.status === status))
    .toSorted((a, b) => (sort === "asc" ? a.id - b.id : b.id - a.id));
  const page = readPage(context.req.query());
  const shown = pageOf(builds, page);
  const projects = await projectsOf(context.env, new Set(shown.map((build) => build.projectId)));
  const entities = await presentJobs(context, shown, projects);
  return accept(pageResponse(context, entities, page, builds.length, page.page * page.perPage < builds.length));
});

const projectsOf = async (env: Env, ids: Iterable<number>): Promise<Project[]> => {
  const found = await Promise.all([...ids].map((id) => findProject(env, id)));
  return found.flatMap((project) => (project.ok ? [project.value] : []));
};

const runnerResponse = async (context: FrontContext, runner: Outcome<RunnerSummary>): Promise<Outcome<Response>> => {
  if (!runner.ok) return runner;
  const projects = await projectsOf(context.env, runner.value.projects ?? []);
  return accept(context.json(runnerDetails(runner.value, projects, originOf(context), Date.now())));
};
