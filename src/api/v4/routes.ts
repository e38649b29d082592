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
 * - of a repository there is what builds had; what it says of a commit that nobody asked about is empty, its times are those
 *   of the pipeline;
 * - the latest artifacts of a ref are those of the latest successful job of that name, whatever became of its pipeline.
 * Not here: `play`; resetting the instance's registration token, which is a setting. A path of GitLab's that isn't here is
 * answered with a word on it (absent.ts).
 */
import { Hono } from "hono";
import type { Actor } from "../../core/principal.ts";
import { deleteAllArtifacts, downloadByRef, downloadJobFile } from "./artifact-files.ts";
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
import { disableRunner, enableRunner, listProjectRunners } from "./project-runners.ts";
import { listBranches, listNothing, listTags, showBranch, showCommit, showTag } from "./repository.ts";
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
  // `:archive` is what follows, whatever it is: refs have slashes.
  ["GET", "/projects/:id/jobs/artifacts/:archive{.+}", downloadByRef, JOBS_TOO],
  ["GET", "/projects/:id/jobs/:job_id", showJob],
  ["GET", "/projects/:id/jobs/:job_id/history", listHistory],
  ["GET", "/projects/:id/jobs/:job_id/trace", showTrace],
  ["POST", "/projects/:id/jobs/:job_id/cancel", cancelJob],
  ["POST", "/projects/:id/jobs/:job_id/retry", retryJob],
  ["POST", "/projects/:id/jobs/:job_id/erase", eraseJob],
  ["GET", "/projects/:id/jobs/:job_id/artifacts", downloadArtifacts, JOBS_TOO],
  ["GET", "/projects/:id/jobs/:job_id/artifacts/:artifact_path{.+}", downloadJobFile, JOBS_TOO],
  ["DELETE", "/projects/:id/jobs/:job_id/artifacts", deleteArtifacts],
  ["POST", "/projects/:id/jobs/:job_id/artifacts/keep", keepArtifacts],

  ["DELETE", "/projects/:id/artifacts", deleteAllArtifacts],

  ["GET", "/projects/:id/runners", listProjectRunners],
  ["POST", "/projects/:id/runners", enableRunner],
  ["DELETE", "/projects/:id/runners/:runner_id", disableRunner],

  ["GET", "/projects/:id/repository/branches", listBranches],
  ["GET", "/projects/:id/repository/branches/:ref_name{.+}", showBranch],
  ["GET", "/projects/:id/repository/tags", listTags],
  ["GET", "/projects/:id/repository/tags/:ref_name{.+}", showTag],
  ["GET", "/projects/:id/repository/commits/:ref_name{.+}", showCommit],
  ["GET", "/projects/:id/merge_requests", listNothing],
  ["GET", "/projects/:id/environments", listNothing],

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
