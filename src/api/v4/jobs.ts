/** Jobs, which is what GitLab calls builds: list, create, show, and what a person may do to one. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { MAX_SPEC_BYTES } from "../../core/build/asked-spec.ts";
import { BUILD_STATUSES } from "../../core/build/build.ts";
import type { Project } from "../../core/project.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import type { Idempotency } from "../../projects/store.ts";
import { looseBoolean } from "../../http/loose.ts";
import { readPage } from "../../http/pagination.ts";
import { concerns } from "../../http/request-log.ts";
import * as builds from "../../verbs/builds.ts";
import { findProject } from "../../verbs/projects.ts";
import { historyEntity } from "./entities/job.ts";
import { NOT_IN_LIST, readForm } from "./form.ts";
import type { FrontContext } from "../../http/front.ts";
import type { ConsumerHandler } from "./handler.ts";
import { presentJob, presentJobs } from "./job-view.ts";
import { askedSpec, jobForm } from "./job-spec.ts";
import { keysetParams, keysetResponse, offsetOf, orderParams, pageResponse } from "./lists.ts";
import { withJob, withProject } from "./targets.ts";

/** States of GitLab's that no build of ours is ever in: asked for, they give an empty list. */
const FOREIGN_STATUSES = ["preparing", "scheduled", "waiting_for_callback", "waiting_for_resource"] as const;

const SCOPES: readonly string[] = [...BUILD_STATUSES, ...FOREIGN_STATUSES];

/** One or several; as GitLab has it, the refusal of one of several names the whole. */
const scope = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => [value].flat()),
  v.check((scopes) => scopes.every((each) => SCOPES.includes(each)), NOT_IN_LIST),
);

const listForm = v.object({ ...orderParams, ...keysetParams, scope: v.optional(scope) });

export const listJobs: ConsumerHandler = withProject(async (context, project) => {
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
  const list = await builds.listBuilds(context.env, project.id, query);
  if (!list.ok) return list;
  const { builds: listed, total, hasMore } = list.value;
  const entities = await presentJobs(context, listed, [project]);
  if (isKeyset) return accept(keysetResponse(context, entities, hasMore ? (listed.at(-1)?.id ?? null) : null));
  return accept(pageResponse(context, entities, page, total, hasMore));
});

export const createJob: ConsumerHandler = withProject(async (context, project, asker) => {
  const form = await readForm(context, jobForm, MAX_SPEC_BYTES);
  if (!form.ok) return form;
  const asked = askedSpec(form.value);
  if (!asked.ok) return asked;
  const idempotency = idempotencyOf(context, asked.value);
  if (!idempotency.ok) return idempotency;
  const build = await builds.createBuild(context.env, asker, project.id, asked.value, idempotency.value);
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

export const showJob: ConsumerHandler = withJob(async (context, { id, project }) =>
  jobResponse(context, project, await builds.showBuild(context.env, id), 200),
);

/** The job that asks, by its own token: what runs in it learns what it is. */
export const showCurrentJob: ConsumerHandler = async (context, asker) => {
  if (asker.kind !== "job") return refuse({ reason: "unauthenticated" });
  const project = await findProject(context.env, asker.projectId);
  return project.ok
    ? jobResponse(context, project.value, await builds.showBuild(context.env, asker.buildId), 200)
    : project;
};

const cancelForm = v.object({ force: v.optional(looseBoolean, false) });

export const cancelJob: ConsumerHandler = withJob(async (context, { id, project }, asker) => {
  const form = await readForm(context, cancelForm);
  if (!form.ok) return form;
  const build = await builds.cancelBuild(context.env, asker, id, form.value.force);
  return jobResponse(context, project, build, 201);
});

export const retryJob: ConsumerHandler = withJob(async (context, { id, project }, asker) =>
  jobResponse(context, project, await builds.retryBuild(context.env, asker, project.id, id), 201),
);

export const eraseJob: ConsumerHandler = withJob(async (context, { id, project }, asker) =>
  jobResponse(context, project, await builds.eraseBuild(context.env, asker, id), 201),
);

export const listHistory: ConsumerHandler = withJob(async (context, { id }) => {
  const history = await builds.historyOf(context.env, id);
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
