/** Runners as their administrator sees them: list, show, change, remove, and what they ran. */
import * as v from "valibot";
import { BUILD_STATUSES } from "../../core/build/build.ts";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { RunnerFilter } from "../../core/runner/filter.ts";
import type { RunnerSummary } from "../../core/runner/runner.ts";
import { originOf } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import type { ConsumerHandler } from "./handler.ts";
import { looseBoolean, looseString, tagList, validate } from "../../http/loose.ts";
import { readParams } from "../../http/params.ts";
import { settingFields, runnerSettingsOf } from "../../http/runner-settings.ts";
import { listRunnerBuilds } from "../../verbs/builds.ts";
import { findProjects } from "../../verbs/projects.ts";
import * as records from "../../verbs/runner-records.ts";
import { resetRunnerToken } from "../../verbs/runners.ts";
import { isEmptyText, MAX_FORM_BYTES, NOT_IN_LIST, readForm } from "./form.ts";
import { presentJobs } from "./job-view.ts";
import { listResponse, orderParams, partResponse, sliceOf } from "./lists.ts";
import { runnerDetails, runnerEntity } from "./entities/runner.ts";
import { withRunner } from "./targets.ts";

/** GitLab's older parameter, which says either what `type` or what `status` does. */
const SCOPES = {
  specific: { type: "project_type" },
  shared: { type: "instance_type" },
  instance_type: { type: "instance_type" },
  group_type: { type: "group_type" },
  project_type: { type: "project_type" },
  active: { status: "active" },
  paused: { status: "paused" },
  online: { status: "online" },
  offline: { status: "offline" },
  never_contacted: { status: "never_contacted" },
  stale: { status: "stale" },
} as const satisfies Record<string, Partial<RunnerFilter>>;

const scope = v.picklist(Object.keys(SCOPES) as (keyof typeof SCOPES)[], NOT_IN_LIST);

const listForm = v.object({
  scope: v.optional(scope),
  type: v.optional(v.picklist(["instance_type", "group_type", "project_type"], NOT_IN_LIST)),
  status: v.optional(v.picklist(["online", "offline", "stale", "never_contacted", "active", "paused"], NOT_IN_LIST)),
  paused: v.optional(looseBoolean),
  tag_list: v.optional(tagList, []),
  version_prefix: v.optional(looseString, ""),
});

export const listRunners: ConsumerHandler = (context) => runnerListResponse(context, null);

/** With a `project` those that may take its jobs. */
export const runnerListResponse = async (
  context: FrontContext,
  project: RunnerFilter["project"],
): Promise<Outcome<Response>> => {
  const form = await readForm(context, listForm);
  if (!form.ok) return form;
  const { tag_list: tags, version_prefix: versionPrefix, scope: asked, ...rest } = form.value;
  const filter = { ...(asked === undefined ? {} : SCOPES[asked]), ...rest };
  const nowMs = Date.now();
  const part = await records.listRunners(context.env, { ...filter, tags, versionPrefix, project }, sliceOf(context));
  return accept(partResponse(context, part, (runner) => runnerEntity(runner, nowMs)));
};

export const showRunner: ConsumerHandler = withRunner(async (context, id) =>
  runnerResponse(context, await records.showRunner(context.env, id)),
);

const changeForm = v.object(settingFields);

export const updateRunner: ConsumerHandler = withRunner(async (context, id) => {
  // Not as a form, in which null is not given: here it may take a limit away.
  const params = await readParams(context.req.raw, MAX_FORM_BYTES);
  if (!params.ok) return params;
  const given = Object.entries(params.value).filter((param) => !isEmptyText(param));
  const form = validate(changeForm, Object.fromEntries(given));
  if (!form.ok) return form;
  const change = runnerSettingsOf(form.value);
  return change.ok ? runnerResponse(context, await records.updateRunner(context.env, id, change.value)) : change;
});

export const deleteRunner: ConsumerHandler = withRunner(async (context, id) => {
  const removed = await records.deleteRunner(context.env, id);
  return removed.ok ? accept(context.body(null, 204)) : removed;
});

export const resetToken: ConsumerHandler = withRunner(async (context, id) => {
  const reset = await resetRunnerToken(context.env, id);
  return reset.ok ? accept(context.json({ token: reset.value.token, token_expires_at: null }, 201)) : reset;
});

const jobsForm = v.object({ ...orderParams, status: v.optional(v.picklist(BUILD_STATUSES, NOT_IN_LIST)) });

export const listRunnerJobs: ConsumerHandler = withRunner(async (context, id) => {
  const form = await readForm(context, jobsForm);
  if (!form.ok) return form;
  const { status = null, sort } = form.value;
  const builds = await listRunnerBuilds(context.env, id, status);
  if (!builds.ok) return builds;
  const ordered = sort === "asc" ? builds.value : builds.value.toReversed();
  return accept(
    await listResponse(context, ordered, async (shown) => {
      const projects = await findProjects(context.env, new Set(shown.map((build) => build.projectId)));
      return presentJobs(context, shown, projects, true);
    }),
  );
});

const runnerResponse = async (context: FrontContext, runner: Outcome<RunnerSummary>): Promise<Outcome<Response>> => {
  if (!runner.ok) return runner;
  const projects = await findProjects(context.env, runner.value.projects ?? []);
  return accept(context.json(runnerDetails(runner.value, projects, originOf(context), Date.now())));
};
