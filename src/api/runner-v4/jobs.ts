/**
 * Today's dialect, `/api/v4/jobs`: what GitLab Runner 9 to 19 speaks about the jobs that it has.
 *
 *   POST   /jobs/request                 requestWork; 204 with `X-GitLab-Last-Update` when there is none
 *   PUT    /jobs/:id                     reportBuild: 200, or 412 when the log is to be sent anew
 *   PATCH  /jobs/:id/trace               appendTrace
 *   POST   /jobs/:id/artifacts/authorize authorizeUpload
 *   POST   /jobs/:id/artifacts           uploadArtifact
 *   GET    /jobs/:id/artifacts           findArchiveForJob, downloadArtifact
 *
 * Parameters come from JSON, form, multipart or query; the job's token as JOB-TOKEN or `token`, the runner's as RUNNER-TOKEN
 * or `token`. Each answer about a job says in `Job-Status` what its runner is to take it for.
 *
 * Differences from GitLab, on purpose: a log is checked against the size and sum that its runner reports, and sent anew
 * (412) when it differs; a repeated final report is 200; whoever writes a log or uploads has confirmed its claim; a report
 * of a job that a token doesn't open is 403 with `Job-Status: canceled`, whether there is such a job or not.
 *
 * Not here: sessions and terminals, which are never offered; `debug_trace`, as only the administrator reads logs.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Report } from "../../build/runner-calls.ts";
import type { Env } from "../../config.ts";
import { artifactKind } from "../../core/artifact-types.ts";
import { abilitiesOf } from "../../core/abilities.ts";
import { readBody } from "../body.ts";
import { parseContentRange } from "../content-range.ts";
import { parseId } from "../ids.ts";
import { validate } from "../loose.ts";
import { readParams } from "../params.ts";
import { concerns } from "../request-log.ts";
import { authorizeUpload, downloadArtifact, findArchiveForJob, uploadArtifact } from "../verbs/artifacts.ts";
import { accessOfAttempt } from "../verbs/authority.ts";
import { appendTrace, noteContact, reportBuild, requestWork } from "../verbs/work.ts";
import { pollParams, reportParams, sizeParams } from "./job-params.ts";
import { presentJob } from "./present.ts";
import { refusalResponse } from "./refusals.ts";
import { callerOf, runnerToken } from "./runner-params.ts";

type JobContext = Context<{ Bindings: Env }>;

const MAX_PARAMS_BYTES = 1024 * 1024;
const MAX_PATCH_BYTES = 16 * 1024 * 1024;

/** From header or query: known before the body is read. */
const earlyToken = (context: JobContext): string | null =>
  context.req.header("JOB-TOKEN") ?? context.req.query("token") ?? null;

const jobIdOf = (context: JobContext): number | null => {
  const build = parseId(context.req.param("id"));
  concerns({ build });
  return build;
};

export const jobRoutes = new Hono<{ Bindings: Env }>();

jobRoutes.post("/jobs/request", async (context) => {
  const params = await readParams(context.req.raw, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "runner");
  const asked = validate(pollParams, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "runner");
  const token = runnerToken(context, asked.value.token);
  if (!token.ok) return refusalResponse(context, token.refusal, "runner");
  const { info, last_update: cursor } = asked.value;
  const answer = await requestWork(context.env, {
    ...callerOf(context, asked.value),
    token: token.value,
    cursor: cursor ?? null,
    abilities: info?.features === undefined ? null : abilitiesOf(info),
  });
  if (!answer.ok) {
    return answer.refusal.reason === "paused"
      ? nothing(context, answer.refusal.cursor)
      : refusalResponse(context, answer.refusal, "runner");
  }
  if (answer.value.kind === "nothing") return nothing(context, answer.value.cursor);
  const { build, runner, figures } = answer.value;
  return context.json(presentJob(build, runner, figures, new URL(context.req.url).origin), 201);
});

const nothing = (context: JobContext, cursor: string): Response =>
  context.body(null, 204, cursor === "" ? {} : { "X-GitLab-Last-Update": cursor });

jobRoutes.put("/jobs/:id", async (context) => {
  const buildId = jobIdOf(context);
  const params = await readParams(context.req.raw, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "job");
  const asked = validate(reportParams, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "job");
  const { token, state, reason, exitCode, sum } = asked.value;
  const access = await accessOfAttempt(context.env, token ?? earlyToken(context), buildId);
  if (!access.ok || buildId === null) return refusalResponse(context, access.ok ? noJob : access.refusal, "job");
  const report = reportOf(state, { kind: "fail", reason, exitCode });
  const reported = await reportBuild(context.env, access.value, buildId, report, { sum });
  if (!reported.ok) return refusalResponse(context, reported.refusal, "job");
  const { status, updateIntervalSeconds } = reported.value;
  return context.json({ message: "200 OK" }, 200, statusHeaders(status, updateIntervalSeconds));
});

const noJob = { reason: "not_found", what: "build" } as const;

/** A state that is none of these changes nothing, but its runner lives. */
const reportOf = (state: string, failed: Report): Report => {
  switch (state) {
    case "success":
      return { kind: "succeed" };
    case "failed":
      return failed;
    case "running":
      return { kind: "confirm" };
    case "pending":
      return { kind: "prepare" };
    default:
      return { kind: "keep_alive" };
  }
};

/** The interval goes to those who will come again. */
const statusHeaders = (status: string, intervalSeconds: number): Record<string, string> => ({
  "Job-Status": status,
  ...(status === "running" || status === "canceling"
    ? { "X-GitLab-Trace-Update-Interval": String(intervalSeconds) }
    : {}),
});

jobRoutes.patch("/jobs/:id/trace", async (context) => {
  const buildId = jobIdOf(context);
  const access = await accessOfAttempt(context.env, earlyToken(context), buildId);
  if (!access.ok || buildId === null) return refusalResponse(context, access.ok ? noJob : access.refusal, "job");
  const body = await readBody(context.req.raw, MAX_PATCH_BYTES);
  if (!body.ok) {
    await noteContact(context.env, access.value, buildId);
    return refusalResponse(context, body.refusal, "job");
  }
  const start = parseContentRange(context.req.header("Content-Range"))?.start ?? null;
  const patched = await appendTrace(context.env, access.value, buildId, start, body.value);
  if (!patched.ok) return refusalResponse(context, patched.refusal, "job");
  const { status, lengthBytes, updateIntervalSeconds } = patched.value;
  const range = `0-${lengthBytes}`;
  return context.body(range, 202, {
    ...statusHeaders(status, updateIntervalSeconds),
    Range: range,
    "Content-Type": "text/plain",
  });
});

jobRoutes.post("/jobs/:id/artifacts/authorize", async (context) => {
  const buildId = jobIdOf(context);
  const params = await readParams(context.req.raw, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "job");
  const asked = validate(sizeParams, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "job");
  const access = await accessOfAttempt(context.env, asked.value.token ?? earlyToken(context), buildId);
  if (!access.ok || buildId === null) return refusalResponse(context, access.ok ? noJob : access.refusal, "job");
  const allowed = await authorizeUpload(context.env, access.value, buildId, asked.value.filesize ?? 0);
  return allowed.ok ? context.json({}) : refusalResponse(context, allowed.refusal, "job");
});

jobRoutes.post("/jobs/:id/artifacts", async (context) => {
  const buildId = jobIdOf(context);
  if (buildId === null) return refusalResponse(context, noJob, "job");
  const query = (name: string) => context.req.query(name) ?? null;
  const uploaded = await uploadArtifact(context.env, {
    buildId,
    token: earlyToken(context),
    authorize: accessOfAttempt,
    // Some clients say these in the form, before or after the file.
    kindOf: (fields) =>
      artifactKind(
        query("artifact_type") ?? fields["artifact_type"] ?? null,
        query("artifact_format") ?? fields["artifact_format"] ?? null,
      ),
    replaces: false,
    expireIn: query("expire_in"),
    body: context.req.raw.body,
    contentType: context.req.header("Content-Type"),
    declaredBytes: Number(context.req.header("Content-Length") ?? 0),
  });
  if (!uploaded.ok) return refusalResponse(context, uploaded.refusal, "job");
  return context.json({ message: "201 Created" }, 201, { "Job-Status": uploaded.value.status });
});

jobRoutes.get("/jobs/:id/artifacts", async (context) => {
  const found = await findArchiveForJob(context.env, earlyToken(context), jobIdOf(context));
  if (!found.ok) return refusalResponse(context, found.refusal, "download");
  const isDirect = context.req.query("direct_download") === "true";
  const response = await downloadArtifact(context.env, found.value, context.req.raw.headers, isDirect);
  return response.ok ? response.value : refusalResponse(context, response.refusal, "download");
});
