/** Jobs, which is what GitLab calls builds: list, create, show, and what a person may do to one. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { BUILD_STATUSES } from "../../core/build/build.ts";
import type { Project } from "../../core/project.ts";
import { ADMIN } from "../../core/admin.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import type { Idempotency } from "../../projects/store.ts";
import { buildStub, projectStub } from "../../stubs.ts";
import { retrying } from "../../verbs/call.ts";
import { looseBoolean } from "../../http/loose.ts";
import { readPage } from "../../http/pagination.ts";
import { concerns, currentRequest } from "../../http/request-log.ts";
import { holderOf } from "../../verbs/authority.ts";
import { historyEntity } from "./entities.ts";
import { NOT_IN_LIST, readForm } from "./form.ts";
import type { FrontContext, Handler } from "../../http/front.ts";
import { presentJob, presentJobs } from "./job-view.ts";
import { jobForm, jobSpec, MAX_SPEC_BYTES } from "./job-spec.ts";
import { keysetParams, keysetResponse, offsetOf, orderParams, pageResponse } from "./lists.ts";
import { findProject, withJob, withProject } from "./targets.ts";

/** States of GitLab's that no build of ours is ever in: asked for, they give an empty list. */
const FOREIGN_STATUSES = ["preparing", "scheduled", "waiting_for_callback", "waiting_for_resource"] as const;

const scope = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => [value].flat()),
  v.array(v.picklist([...BUILD_STATUSES, ...FOREIGN_STATUSES], NOT_IN_LIST)),
);

const listForm = v.object({ ...orderParams, ...keysetParams, scope: v.optional(scope) });

export const listJobs: Handler = withProject(async (context, project) => {
  const form = await readForm(context, listForm);
  if (!form.ok) return form;
  const isKeyset = form.value.pagination === "keyset";
  const page = readPage(context.req.query());
  const query = {
    statuses: form.value.scope === undefined ? null : BUILD_STATUSES.filter((each) => form.value.scope?.includes(each)),
    ascending: form.value.sort === "asc",
    limit: page.perPage,
    offset: isKeyset ? 0 : offsetOf(page),
    after: (isKeyset ? form.value.cursor : undefined) ?? null,
  };
  const list = await retrying(async () => projectStub(context.env, project.id).listBuilds(query));
  if (!list.ok) return list;
  const { builds, total, hasMore } = list.value;
  const entities = await presentJobs(context, builds, [project]);
  if (isKeyset) return accept(keysetResponse(context, entities, hasMore ? (builds.at(-1)?.id ?? null) : null));
  return accept(pageResponse(context, entities, page, total, hasMore));
});

export const createJob: Handler = withProject(async (context, project) => {
  const form = await readForm(context, jobForm, MAX_SPEC_BYTES);
  if (!form.ok) return form;
  // The project's own word, not the directory's copy: its defaults become part of the build.
  const settings = await retrying(async () => projectStub(context.env, project.id).get());
  if (!settings.ok) return settings;
  const spec = jobSpec(form.value, settings.value);
  if (!spec.ok) return spec;
  const idempotency = idempotencyOf(context, form.value);
  if (!idempotency.ok) return idempotency;
  const build = await projectStub(context.env, project.id).createBuild(spec.value, idempotency.value, currentRequest());
  return jobResponse(context, project, build, 201);
});

/** With `Idempotency-Key` a repeated request gets the first one's job, whatever the defaults are by then; null without it. */
const idempotencyOf = (context: FrontContext, asked: object): Outcome<Idempotency | null> => {
  const key = context.req.header("Idempotency-Key");
  if (key === undefined) return accept(null);
  if (key.length < 1 || key.length > 255) {
    return refuse({ reason: "invalid", field: "Idempotency-Key", message: "must have 1 to 255 characters" });
  }
  return accept({ key, fingerprint: createHash("sha256").update(JSON.stringify(asked)).digest("hex") });
};

export const showJob: Handler = withJob(async (context, { id, project }) => {
  const build = await retrying(async () => buildStub(context.env, id).summary());
  return jobResponse(context, project, build, 200);
});

/** The job that asks, by its own token: what runs in it learns what it is. */
export const showCurrentJob: Handler = async (context) => {
  const holder = await holderOf(context.env, context.req.header("JOB-TOKEN") ?? context.req.query("job_token") ?? null);
  if (!holder.ok) return refuse({ reason: "unauthenticated" });
  const project = await findProject(context.env, holder.value.projectId);
  return project.ok ? jobResponse(context, project.value, holder, 200) : project;
};

const cancelForm = v.object({ force: v.optional(looseBoolean, false) });

export const cancelJob: Handler = withJob(async (context, { id, project }) => {
  const form = await readForm(context, cancelForm);
  if (!form.ok) return form;
  const build = await retrying(async () =>
    buildStub(context.env, id).cancel(ADMIN.username, form.value.force, currentRequest()),
  );
  return jobResponse(context, project, build, 201);
});

export const retryJob: Handler = withJob(async (context, { id, project }) =>
  jobResponse(context, project, await projectStub(context.env, project.id).retryBuild(id, currentRequest()), 201),
);

export const eraseJob: Handler = withJob(async (context, { id, project }) =>
  jobResponse(context, project, await buildStub(context.env, id).erase(ADMIN.username, currentRequest()), 201),
);

export const listHistory: Handler = withJob(async (context, { id }) => {
  const history = await retrying(async () => buildStub(context.env, id).history());
  return history.ok ? accept(context.json(history.value.map(historyEntity))) : history;
});

export const jobResponse = async (
  context: FrontContext,
  project: Project,
  build: Outcome<BuildSummary>,
  status: 200 | 201,
): Promise<Outcome<Response>> => {
  if (!build.ok) return build;
  const { id, runner } = build.value;
  concerns({ build: id, runner: runner?.id ?? null });
  return accept(context.json(await presentJob(context, build.value, project), status));
};
