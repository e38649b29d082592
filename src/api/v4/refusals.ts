/** From refusal to status and body: the only place of the consumer API that knows. */
import { answeringBy, badRequest, invalid, message, tooLarge, unavailable } from "../../http/refusal-table.ts";
import type { RefusalTable } from "../../http/refusal-table.ts";

const forbidden = () => message(403, "403 Forbidden");

/** GitLab's words differ by what is missing. */
const NOT_FOUND = {
  project: "404 Project Not Found",
  build: "404 Not Found",
  artifact: "404 Not Found",
  runner: "404 Not found",
  runner_manager: "404 Not found",
  branch: "404 Branch Not Found",
  tag: "404 Tag Not Found",
  commit: "404 Commit Not Found",
} as const;

const notRunning = () => message(403, "403 Forbidden - Job is not running");

/** GitLab's words here don't depend on what was tried. */
const TABLE: RefusalTable<void> = {
  unauthenticated: () => message(401, "401 Unauthorized"),
  forbidden,
  stale_token: forbidden,
  not_found: ({ what }) => message(404, NOT_FOUND[what]),
  not_running: notRunning,
  not_retryable: ({ retriedAs }) =>
    message(403, `403 Forbidden - Job is not retryable${retriedAs === null ? "" : `, it was retried as ${retriedAs}`}`),
  not_erasable: () => message(403, "403 Forbidden - Job is not erasable!"),
  already_running: () => badRequest("the job is running already"),
  erased: () => message(403, "403 Forbidden - Job has been erased!"),
  project_deleted: () => message(404, NOT_FOUND.project),
  project_archived: () => message(403, "403 Forbidden - the project is archived"),
  not_claimable: () => message(409, "409 Conflict"),
  range_mismatch: () => message(416, "416 Range Not Satisfiable"),
  missing_range: () => badRequest("Content-Range is missing"),
  trace_closed: notRunning,
  trace_differs: () => message(412, "412 Precondition Failed"),
  too_large: tooLarge,
  trace_too_large: ({ limitBytes }) => message(403, `403 Forbidden - the log has passed ${limitBytes} bytes`),
  missing_file: () => badRequest("file is missing"),
  artifact_exists: ({ type }) => badRequest(`another file is stored as ${type}`),
  malformed_body: ({ message: text }) => badRequest(text),
  invalid,
  taken: ({ field }) => ({ status: 400, body: { message: { [field]: ["has already been taken"] } } }),
  only_project: () =>
    message(403, "403 Forbidden - Only one project associated with the runner. Please remove the runner instead"),
  paused: forbidden,
  unavailable,
};

export const answering = answeringBy(TABLE);
