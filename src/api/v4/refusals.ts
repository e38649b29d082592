/** From refusal to status and body: the only place of the consumer API that knows. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Refusal } from "../../core/refusal.ts";
import { endsWith } from "../request-log.ts";

interface Answer {
  readonly status: ContentfulStatusCode;
  readonly body: { readonly message: unknown } | { readonly error: string };
  readonly headers?: Record<string, string>;
}

type Table = { readonly [R in Refusal["reason"]]: (refusal: Extract<Refusal, { reason: R }>) => Answer };

const message = (status: ContentfulStatusCode, text: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { message: text },
  headers,
});

const forbidden = (): Answer => message(403, "403 Forbidden");
const badRequest = (error: string): Answer => ({ status: 400, body: { error } });

/** GitLab's words differ by what is missing. */
const NOT_FOUND = {
  project: "404 Project Not Found",
  build: "404 Not Found",
  artifact: "404 Not Found",
  page: "404 Not Found",
  runner: "404 Not found",
} as const;

const TABLE: Table = {
  forbidden,
  stale_token: forbidden,
  not_found: ({ what }) => message(404, NOT_FOUND[what]),
  not_running: () => message(403, "403 Forbidden - Job is not running"),
  not_retryable: ({ retriedAs }) =>
    message(403, `403 Forbidden - Job is not retryable${retriedAs === null ? "" : `, it was retried as ${retriedAs}`}`),
  not_erasable: () => message(403, "403 Forbidden - Job is not erasable!"),
  erased: () => message(403, "403 Forbidden - Job has been erased!"),
  project_deleted: () => message(404, NOT_FOUND.project),
  not_claimable: () => message(409, "409 Conflict"),
  range_mismatch: () => message(416, "416 Range Not Satisfiable"),
  missing_range: () => badRequest("Content-Range is missing"),
  too_large: ({ limitBytes, sizeBytes }) =>
    message(413, `413 Request Entity Too Large - ${sizeBytes} bytes, Signalbox takes ${limitBytes} at most`),
  trace_too_large: ({ limitBytes }) => message(403, `403 Forbidden - the log has passed ${limitBytes} bytes`),
  missing_file: () => badRequest("file is missing"),
  malformed_body: ({ message: text }) => badRequest(text),
  invalid: ({ field, message: text }) => badRequest(`${field} ${text}`),
  taken: ({ field }) => ({ status: 400, body: { message: { [field]: ["has already been taken"] } } }),
  paused: forbidden,
  unavailable: ({ retryAfterSeconds }) =>
    message(503, "503 Service Unavailable", { "Retry-After": String(retryAfterSeconds) }),
};

export const refusalResponse = (context: Context, refusal: Refusal): Response => {
  endsWith(refusal.reason);
  // The row of the table has the refusal's own type, which TypeScript can't follow through the index.
  const answer = TABLE[refusal.reason](refusal as never);
  return context.json(answer.body, answer.status, answer.headers);
};
