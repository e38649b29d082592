/** From refusal to status and body: the only place of this dialect that knows. */
import { answeringBy, message, tooLarge, unavailable } from "../../http/refusal-table.ts";
import type { RefusalTable } from "../../http/refusal-table.ts";

/** What was tried: GitLab 8 words the same refusal differently, and runners act on the status. */
export type Action = "report" | "upload" | "authorize" | "register" | "other";

const forbidden = () => message(403, "403 Forbidden");
const notFound = () => message(404, "404 Not Found");

const TABLE: RefusalTable<Action> = {
  unauthenticated: forbidden,
  forbidden,
  stale_token: () => message(403, "403 Forbidden - this token is good no more: its attempt is over, or it was reset"),
  not_found: notFound,
  not_running: (_refusal, action) => {
    if (action === "upload") return message(403, "403 Forbidden - Build is not running!");
    if (action === "authorize") return message(403, "403 Forbidden - build is not running");
    return notFound();
  },
  not_retryable: () => message(403, "403 Forbidden - Build is not retryable"),
  not_erasable: () => message(403, "403 Forbidden - Build is not erasable!"),
  already_running: () => message(400, "400 (Bad request) the build is running already"),
  erased: () => message(403, "403 Forbidden - Build has been erased!"),
  project_deleted: () => message(403, "403 Forbidden - Project has been deleted!"),
  project_archived: () => message(403, "403 Forbidden - Project is archived!"),
  not_claimable: notFound,
  // Runner 1.11.5 panics on a 416 without this header.
  range_mismatch: ({ lengthBytes, status }) => ({
    status: 416,
    body: { error: "416 Range Not Satisfiable" },
    headers: { Range: `0-${lengthBytes}`, "Build-Status": status },
  }),
  missing_range: () => ({ status: 400, body: { error: "400 Missing header Content-Range" } }),
  // The header is how a cancel reaches the runner.
  trace_closed: ({ lengthBytes, status }) => ({
    status: 202,
    body: { message: `0-${lengthBytes}` },
    headers: { Range: `0-${lengthBytes}`, "Build-Status": status },
  }),
  trace_differs: ({ status }) => message(412, "412 Precondition Failed", { "Build-Status": status }),
  // A report is repeated for ever on any answer but 403 and 404.
  too_large: (refusal, action) =>
    action === "report"
      ? message(
          403,
          `403 Forbidden - a report of ${refusal.sizeBytes} bytes, Signalbox takes ${refusal.limitBytes} at most`,
        )
      : tooLarge(refusal),
  trace_too_large: ({ limitBytes }) =>
    message(403, `403 Forbidden - the trace has passed ${limitBytes} bytes, the build has failed`, {
      "Build-Status": "failed",
    }),
  missing_file: () => message(400, "Missing artifacts file!"),
  artifact_exists: ({ type }) => message(400, `400 (Bad request) another file is stored as ${type}`),
  malformed_body: ({ message: text }) => message(400, `400 (Bad request) ${text}`),
  invalid: ({ field, message: text }, action) => {
    // A registration that GitLab 8 can't save is "not found".
    if (action === "register" && field === "tags_list") return message(404, "404 Not found");
    return message(400, `400 (Bad request) "${field}" ${text === "is missing" ? "not given" : text}`);
  },
  taken: ({ field }) => message(400, `400 (Bad request) "${field}" has already been taken`),
  only_project: forbidden,
  paused: notFound,
  unavailable,
};

export const answering = answeringBy(TABLE);
