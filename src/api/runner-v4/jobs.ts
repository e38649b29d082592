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
 * or `token`. Each answer to a good token, but to what can't be read, says in `Job-Status` what the job is to its runner.
 *
 * Differences from GitLab, on purpose: a log is checked against the size and sum that its runner reports, and sent anew
 * (412) when it differs; a repeated final report is 200; whoever writes a log or uploads has confirmed its claim; a report
 * of a job that a token doesn't open is 403 with `Job-Status: canceled`, whether there is such a job or not; the update
 * interval comes with reports of a running job too; a dotenv report may have comments and empty lines.
 *
 * Not here: sessions and terminals, which are never offered; `debug_trace`, as only the administrator reads logs; a job
 * that needs a feature (`artifacts_exclude`) goes also to a runner that lacks it.
 */
import { Hono } from "hono";
import type { Access } from "../../builds/access.ts";
import type { Report } from "../../builds/runner-calls.ts";
import { abilitiesOf } from "../../core/runner/abilities.ts";
import { artifactKind } from "../../core/artifact/types.ts";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { readBody } from "../../http/body.ts";
import { parseContentRange } from "../../http/content-range.ts";
import { jobServerUrl } from "../../http/public-url.ts";
import type { FrontContext } from "../../http/front.ts";
import { ask, buildIdOf, earlyToken, MAX_PATCH_BYTES, patchStored } from "../../http/runner-request.ts";
import { authorizeUpload, downloadArtifact, findArchiveForJob, uploadArtifact } from "../../verbs/artifacts.ts";
import { accessOfAttempt } from "../../verbs/authority.ts";
import { appendTrace, noteContact, reportBuild, requestWork } from "../../verbs/work.ts";
import { downloadParams, pollParams, reportParams, sizeParams } from "./job-params.ts";
import { presentJob } from "./present.ts";
import { answering } from "./refusals.ts";
import { callerOf, runnerToken } from "./runner-params.ts";

const tokenOf = earlyToken("JOB-TOKEN");

/** The job of the path, opened by its own token. */
const attemptOf = async (
  context: FrontContext,
  token: string | null,
): Promise<Outcome<{ readonly buildId: number; readonly access: Access }>> => {
  const buildId = buildIdOf(context);
  const access = await accessOfAttempt(context.env, token, buildId);
  if (!access.ok) return access;
  return buildId === null ? noJob : accept({ buildId, access: access.value });
};

const noJob = refuse({ reason: "not_found", what: "build" });

export const jobRoutes = new Hono<{ Bindings: Env }>();

jobRoutes.post(
  "/jobs/request",
  answering("runner", async (context) => {
    const asked = await ask(context, pollParams);
    if (!asked.ok) return asked;
    const token = runnerToken(context, asked.value.token);
    if (!token.ok) return token;
    const { info, last_update: cursor } = asked.value;
    const answer = await requestWork(context.env, {
      ...callerOf(context, asked.value),
      token: token.value,
      cursor: cursor ?? null,
      abilities: info?.features === undefined ? null : abilitiesOf(info),
    });
    if (!answer.ok) {
      return answer.refusal.reason === "paused" ? accept(nothing(context, answer.refusal.cursor)) : answer;
    }
    if (answer.value.kind === "nothing") return accept(nothing(context, answer.value.cursor));
    const { build, runner, figures } = answer.value;
    const knowsRaw = (info?.features ?? runner.info.features)?.["raw_variables"] === true;
    return accept(
      context.json(presentJob(build, runner, figures, jobServerUrl(context, build.project), knowsRaw), 201),
    );
  }),
);

const nothing = (context: FrontContext, cursor: string): Response =>
  context.body(null, 204, cursor === "" ? {} : { "X-GitLab-Last-Update": cursor });

jobRoutes.put(
  "/jobs/:id",
  answering("job", async (context) => {
    const asked = await ask(context, reportParams);
    if (!asked.ok) return asked;
    const { token, state, reason, exitCode, sum, abilities } = asked.value;
    const job = await attemptOf(context, token ?? tokenOf(context));
    if (!job.ok) return job;
    const { buildId, access } = job.value;
    const report = reportOf(state, { kind: "fail", reason, exitCode });
    const reported = await reportBuild(context.env, access, buildId, report, { sum, abilities });
    if (!reported.ok) return reported;
    const { status, updateIntervalSeconds } = reported.value;
    return accept(context.json({ message: "200 OK" }, 200, statusHeaders(status, updateIntervalSeconds)));
  }),
);

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

jobRoutes.patch(
  "/jobs/:id/trace",
  answering("job", async (context) => {
    const job = await attemptOf(context, tokenOf(context));
    if (!job.ok) return job;
    const { buildId, access } = job.value;
    const body = await readBody(context.req.raw, MAX_PATCH_BYTES);
    if (!body.ok) {
      const noted = await noteContact(context.env, access, buildId);
      return noted.ok ? body : noted;
    }
    const start = parseContentRange(context.req.header("Content-Range"))?.start ?? null;
    const patched = await appendTrace(context.env, access, buildId, start, body.value);
    if (!patched.ok) return patched;
    const { status, lengthBytes, updateIntervalSeconds } = patched.value;
    return accept(patchStored(context, lengthBytes, statusHeaders(status, updateIntervalSeconds)));
  }),
);

jobRoutes.post(
  "/jobs/:id/artifacts/authorize",
  answering("job", async (context) => {
    const asked = await ask(context, sizeParams);
    if (!asked.ok) return asked;
    const job = await attemptOf(context, asked.value.token || tokenOf(context));
    if (!job.ok) return job;
    const { buildId, access } = job.value;
    const allowed = await authorizeUpload(context.env, access, buildId, asked.value.filesize ?? 0);
    return allowed.ok ? accept(context.json({})) : allowed;
  }),
);

jobRoutes.post(
  "/jobs/:id/artifacts",
  answering("job", async (context) => {
    const buildId = buildIdOf(context);
    if (buildId === null) return noJob;
    const query = (name: string) => context.req.query(name) ?? null;
    const uploaded = await uploadArtifact(context.env, {
      buildId,
      token: tokenOf(context),
      authorize: accessOfAttempt,
      // Some clients say these in the form, before or after the file.
      kindOf: (fields, isWhole) => {
        const type = query("artifact_type") ?? fields["artifact_type"] ?? null;
        const format = query("artifact_format") ?? fields["artifact_format"] ?? null;
        return isWhole || (type !== null && format !== null) ? artifactKind(type, format) : null;
      },
      replaces: false,
      expireIn: query("expire_in"),
      body: context.req.raw.body,
      contentType: context.req.header("Content-Type"),
      declaredBytes: Number(context.req.header("Content-Length") ?? 0),
    });
    if (!uploaded.ok) return uploaded;
    return accept(context.json({ message: "201 Created" }, 201, { "Job-Status": uploaded.value.status }));
  }),
);

jobRoutes.get(
  "/jobs/:id/artifacts",
  answering("download", async (context) => {
    const asked = await ask(context, downloadParams);
    if (!asked.ok) return asked;
    const { token, direct_download: isDirect } = asked.value;
    const found = await findArchiveForJob(context.env, tokenOf(context) ?? token ?? null, buildIdOf(context));
    return found.ok ? downloadArtifact(context.env, found.value, context.req.raw.headers, isDirect) : found;
  }),
);
