/** From refusal to status and body: the only place of this dialect that knows. */
import { answeringBy, invalid, message, tooLarge, unavailable } from "../../http/refusal-table.ts";
import type { RefusalTable } from "../../http/refusal-table.ts";

/** What was tried. On the calls of a job each 403 says in `Job-Status` what its runner is to take the job for. */
export type Action = "runner" | "job" | "download";

/** GitLab's word for it is `error`; of an answer runners show their users the `message`. */
const badRequest = (text: string) => ({ status: 400 as const, body: { error: text, message: text } });

const jobStatus = (status: string) => ({ "Job-Status": status });

/**
 * To whoever has no good token a job is canceled, whether there is one or not: nothing is told, and a runner whose attempt
 * is over stops.
 */
const noJob = (text: string) => message(403, text, jobStatus("canceled"));

const forbidden = (_refusal: unknown, action: Action) => {
  if (action === "runner") return message(403, "403 Forbidden - invalid token supplied");
  return action === "download" ? message(401, "401 Unauthorized") : noJob("403 Forbidden");
};

const TABLE: RefusalTable<Action> = {
  unauthenticated: forbidden,
  forbidden,
  stale_token: (_refusal, action) => {
    if (action === "runner") return message(403, "403 Forbidden - this token was replaced");
    return action === "download"
      ? message(401, "401 Unauthorized - the job of this token is not running")
      : noJob("403 Forbidden - this token is good no more: its attempt is over");
  },
  not_found: ({ what }, action) => {
    if (what === "runner_manager") return message(404, "404 Runner manager not found");
    // An id that a token doesn't open is no secret that a status could tell.
    return what === "build" && action !== "runner" ? noJob("403 Forbidden") : message(404, "404 Not Found");
  },
  not_running: ({ status }, action) =>
    action === "download"
      ? message(401, "401 Unauthorized - the job of this token is not running")
      : message(403, "403 Forbidden - Job is not processing on runner", jobStatus(status)),
  not_retryable: () => message(403, "403 Forbidden - Job is not retryable"),
  not_erasable: () => message(403, "403 Forbidden - Job is not erasable!"),
  erased: ({ status }) => message(403, "403 Forbidden - Job has been erased!", jobStatus(status)),
  already_running: ({ status }) => ({ ...badRequest("the job is running already"), headers: jobStatus(status) }),
  project_deleted: (_refusal, action) =>
    action === "download"
      ? message(401, "401 Unauthorized - the job of this token is gone")
      : noJob("403 Forbidden - Project has been deleted!"),
  project_archived: () => message(403, "403 Forbidden - Project is archived!"),
  not_claimable: () => message(409, "409 Conflict"),
  range_mismatch: ({ lengthBytes, status }) =>
    message(416, "416 Range Not Satisfiable", { Range: `0-${lengthBytes}`, ...jobStatus(status) }),
  missing_range: () => badRequest("Content-Range is missing"),
  trace_closed: ({ lengthBytes, status }) =>
    message(403, "403 Forbidden - Job is not processing on runner", {
      Range: `0-${lengthBytes}`,
      ...jobStatus(status),
    }),
  // It is still running to its runner, which would stop otherwise, and not send its log again.
  trace_differs: ({ status }) =>
    message(412, "412 Precondition Failed - the log differs, send it anew", jobStatus(status)),
  too_large: tooLarge,
  trace_too_large: ({ limitBytes, status }) =>
    message(403, `403 Forbidden - the log has passed ${limitBytes} bytes`, jobStatus(status)),
  missing_file: () => badRequest("file is missing"),
  artifact_exists: ({ type }) => message(400, `another ${type} file is stored already`),
  malformed_body: ({ message: text }) => badRequest(text),
  // GitLab's words for a dotenv report.
  invalid: (refusal) => {
    if (refusal.field === "dotenv") return badRequest(`Invalid Format - the report ${refusal.message}`);
    const answer = invalid(refusal);
    return "error" in answer.body ? badRequest(answer.body.error) : answer;
  },
  taken: ({ field }) => badRequest(`${field} has already been taken`),
  only_project: forbidden,
  paused: () => message(403, "403 Forbidden - the runner is paused"),
  unavailable,
};

export const answering = answeringBy(TABLE);
