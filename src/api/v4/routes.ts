/**
 * The consumer API, `/api/v4`: the part of GitLab's v4 that creates, watches and controls work, with GitLab's shapes, names,
 * status codes, errors and pagination headers. For the holder of `ADMIN_TOKEN` (see auth.ts); some routes also for a job that
 * runs, by its own token, within its project. The table below lists it.
 *
 * Beyond GitLab: creating single jobs (with `Idempotency-Key`), `repo_url` of a project, a job's `history`, `attempt`,
 * `retried_as`, `pending_reason`, `exit_code` and `trace_verified`, `trace?follow=true`, `Range` on traces, reports by
 * `artifacts?file_type=`.
 *
 * Different on purpose:
 * - a project's path is fixed once given; groups are parts of paths, without ids and routes of their own;
 * - lists are in the order of ids; keyset pages are for jobs, elsewhere numbered ones come instead;
 * - canceling a finished job changes nothing and answers 201, a second retry is 403 and names the job of the first;
 * - of a runner's jobs the last hundred are known, of its machines those that were heard of in the last week, a thousand at
 *   most; groups have no runners;
 * - `.json` at the end of a path is dropped after a number or a route's own last word;
 * - a form that a page of another site sends is refused unless its token comes in a header;
 * - a follower on a Workers plan that bounds subrequests is cut off after that many pieces of log.
 * Not here: `play`; artifacts by name of ref and job, and single files out of an archive; a project's list of runners, and
 * assigning one to a project; resetting the instance's registration token, which is a setting.
 */
import { Hono } from "hono";
import type { Actor } from "../../core/principal.ts";
import { deleteArtifacts, downloadArtifacts, keepArtifacts } from "./artifacts.ts";
import { showMetadata, showUser, showVersion } from "./deployment.ts";
import { guarded, JOB_ALONE, JOBS_TOO } from "./handler.ts";
import type { ConsumerHandler } from "./handler.ts";
import { cancelJob, createJob, eraseJob, listHistory, listJobs, retryJob, showCurrentJob, showJob } from "./jobs.ts";
import { listProjects } from "./project-list.ts";
import {
  archiveProject,
  createProject,
  deleteProject,
  resetRunnersToken,
  showProject,
  unarchiveProject,
  updateProject,
} from "./projects.ts";
import { createRunner } from "./runner-creation.ts";
import { listManagers } from "./runner-managers.ts";
import { deleteRunner, listRunnerJobs, listRunners, resetToken, showRunner, updateRunner } from "./runners.ts";
import { showTrace } from "./traces.ts";

type Route = readonly [
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  handler: ConsumerHandler,
  /** The administrator alone when it isn't said. */
  admits?: readonly Actor["kind"][],
];

const ROUTES: readonly Route[] = [
  ["GET", "/version", showVersion],
  ["GET", "/metadata", showMetadata],
  ["GET", "/user", showUser],
  ["GET", "/job", showCurrentJob, JOB_ALONE],

  ["GET", "/projects", listProjects],
  ["POST", "/projects", createProject],
  ["GET", "/projects/:id", showProject],
  ["PUT", "/projects/:id", updateProject],
  ["DELETE", "/projects/:id", deleteProject],
  ["POST", "/projects/:id/archive", archiveProject],
  ["POST", "/projects/:id/unarchive", unarchiveProject],
  ["POST", "/projects/:id/runners/reset_registration_token", resetRunnersToken],

  ["GET", "/projects/:id/jobs", listJobs, JOBS_TOO],
  ["POST", "/projects/:id/jobs", createJob],
  ["GET", "/projects/:id/jobs/:job_id", showJob],
  ["GET", "/projects/:id/jobs/:job_id/history", listHistory],
  ["GET", "/projects/:id/jobs/:job_id/trace", showTrace],
  ["POST", "/projects/:id/jobs/:job_id/cancel", cancelJob],
  ["POST", "/projects/:id/jobs/:job_id/retry", retryJob],
  ["POST", "/projects/:id/jobs/:job_id/erase", eraseJob],
  ["GET", "/projects/:id/jobs/:job_id/artifacts", downloadArtifacts, JOBS_TOO],
  ["DELETE", "/projects/:id/jobs/:job_id/artifacts", deleteArtifacts],
  ["POST", "/projects/:id/jobs/:job_id/artifacts/keep", keepArtifacts],

  ["POST", "/user/runners", createRunner],
  ["GET", "/runners", listRunners],
  ["GET", "/runners/all", listRunners],
  ["GET", "/runners/:id{[0-9]+}", showRunner],
  ["PUT", "/runners/:id{[0-9]+}", updateRunner],
  ["DELETE", "/runners/:id{[0-9]+}", deleteRunner],
  ["GET", "/runners/:id/jobs", listRunnerJobs],
  ["GET", "/runners/:id/managers", listManagers],
  ["POST", "/runners/:id/reset_authentication_token", resetToken],
];

export const consumerRoutes = new Hono<{ Bindings: Env }>();

for (const [method, path, handler, admits] of ROUTES) consumerRoutes.on(method, path, guarded(handler, admits));
