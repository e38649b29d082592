/**
 * The legacy dialect, `/ci/api/v1`: what GitLab 8 spoke with `gitlab-ci-multi-runner` up to 1.11.5. Each path also with
 * `.json` at its end.
 *
 *   POST   /runners/register               registerRunner
 *   DELETE /runners/delete                 removeRunner
 *   POST   /builds/register                requestWork (204 or, for old runners, 404 when there is none)
 *   PUT    /builds/:id                     reportBuild; `PUT /builds/-1` is how a runner asks whether it is still known
 *   PATCH  /builds/:id/trace.txt           appendTrace
 *   POST   /builds/:id/artifacts/authorize authorizeUpload
 *   POST   /builds/:id/artifacts           uploadArtifact
 *   GET    /builds/:id/artifacts           findArchive, downloadArtifact
 *   DELETE /builds/:id/artifacts           deleteArchive
 *
 * Parameters come from JSON, form, multipart or query; the build's token as `token` or as the header BUILD-TOKEN, and the
 * project's `runners_token` in its place.
 *
 * Differences from GitLab 8, on purpose: a finished build's trace takes no more bytes; a repeated final report is 200; a
 * genuine token of another build is 403 whether or not the id exists. Not here: triggers.
 *
 * Known gap: PUT has the runner's token, which names no attempt. A failure that a runner reports of an attempt that it has
 * lost, while it runs the next one itself, is told by its log; before the new attempt has stored a byte it can't be told.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Report } from "../../builds/runner-calls.ts";
import { NO_ABILITIES } from "../../core/runner/abilities.ts";
import type { Outcome } from "../../core/refusal.ts";
import { accept, refuse } from "../../core/refusal.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../core/runner/runner.ts";
import type { BuildSummary } from "../../core/build/summary.ts";
import { readBody } from "../../http/body.ts";
import { parseContentRange } from "../../http/content-range.ts";
import { parseId } from "../../http/ids.ts";
import { validate } from "../../http/loose.ts";
import { readParams } from "../../http/params.ts";
import { readReport } from "./report-body.ts";
import { concerns } from "../../http/request-log.ts";
import {
  authorizeUpload,
  deleteArchive,
  downloadArtifact,
  findArchive,
  uploadArtifact,
} from "../../verbs/artifacts.ts";
import { accessTo, hasGenuineToken } from "../../verbs/authority.ts";
import { registerRunner, removeRunner } from "../../verbs/runners.ts";
import { accessOfRunner, appendTrace, noteContact, reportBuild, requestWork } from "../../verbs/work.ts";
import { acceptsNoContent } from "./user-agent.ts";
import { presentBuild, presentClaimed } from "./present.ts";
import { refusalResponse } from "./refusals.ts";
import { pollParams, registration, removal, reportParams, sizeParams } from "./params.ts";

type LegacyContext = Context<{ Bindings: Env }>;

const MAX_PARAMS_BYTES = 1024 * 1024;
const MAX_PATCH_BYTES = 16 * 1024 * 1024;
/** A final report carries the whole log, in which JSON writes a control character as six. */
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

const origin = (context: LegacyContext): string => new URL(context.req.url).origin;

/** From header or query: known before the body is read. */
const earlyToken = (context: LegacyContext): string | null =>
  context.req.header("BUILD-TOKEN") ?? context.req.query("token") ?? null;

/** A path's id can't be anything but a build's: whatever else it is, it is not found. */
const noSuchBuild = refuse({ reason: "not_found", what: "build" });

/** A map, not an object: of that, `constructor` would be a state as well. */
const REPORTS: ReadonlyMap<string, Report> = new Map<string, Report>([
  ["success", { kind: "succeed" }],
  ["failed", { kind: "fail", reason: "unknown_failure", exitCode: null }],
  ["running", { kind: "confirm" }],
]);

export const legacyRoutes = new Hono<{ Bindings: Env }>();

legacyRoutes.post("/runners/register", async (context) => {
  const params = await paramsOf(context, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "register");
  const asked = validate(registration, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "register");
  const { token, info, ...settings } = asked.value;
  const runner = await registerRunner(context.env, token, { ...DEFAULT_RUNNER_SETTINGS, ...settings }, info);
  if (!runner.ok) return refusalResponse(context, runner.refusal, "register");
  return context.json({ id: runner.value.id, token: runner.value.token }, 201);
});

legacyRoutes.delete("/runners/delete", async (context) => {
  const params = await paramsOf(context, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "other");
  const asked = validate(removal, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "other");
  const removed = await removeRunner(context.env, asked.value.token);
  return removed.ok ? context.json(true) : refusalResponse(context, removed.refusal, "other");
});

legacyRoutes.post("/builds/register", async (context) => {
  const params = await paramsOf(context, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "other");
  const asked = validate(pollParams, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "other");
  const answer = await requestWork(context.env, {
    token: asked.value.token ?? null,
    systemId: null,
    ipAddress: null,
    info: asked.value.info ?? null,
    abilities: NO_ABILITIES,
    cursor: asked.value.last_update ?? null,
  });
  if (!answer.ok) return refusalResponse(context, answer.refusal, "other");
  if (answer.value.kind === "work") {
    return context.json(presentClaimed(answer.value.build, answer.value.runner, origin(context)), 201);
  }
  const headers = answer.value.cursor === "" ? undefined : { "X-GitLab-Last-Update": answer.value.cursor };
  if (acceptsNoContent(context.req.header("User-Agent"))) return context.body(null, 204, headers);
  return context.json({ message: "404 Not Found" }, 404, headers);
});

legacyRoutes.put("/builds/:id", async (context) => {
  const early = earlyToken(context);
  // Memory for a whole log is only for those who show a token of ours.
  const body = await readReport(context.req.raw, MAX_REPORT_BYTES, async (beginning) =>
    hasGenuineToken(context.env, early === null ? beginning : new TextEncoder().encode(early)),
  );
  if (!body.ok) return refusalResponse(context, body.refusal, "report");
  const asked = validate(reportParams, body.value.params);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "report");
  const buildId = buildIdOf(context);
  const token = asked.value.token ?? early;
  const access = await accessOfRunner(context.env, token, buildId);
  if (!access.ok) return refusalResponse(context, access.refusal, "report");
  if (buildId === null) return refusalResponse(context, noSuchBuild.refusal, "report");
  const report = REPORTS.get(asked.value.state ?? "") ?? { kind: "keep_alive" };
  const reported = await reportBuild(context.env, access.value, buildId, report, { log: body.value.log });
  return reported.ok ? context.json(true) : refusalResponse(context, reported.refusal, "report");
});

legacyRoutes.patch("/builds/:id/trace.txt", async (context) => {
  const buildId = buildIdOf(context);
  const access = await accessTo(context.env, earlyToken(context), buildId);
  if (!access.ok) return refusalResponse(context, access.refusal, "other");
  if (buildId === null) return refusalResponse(context, noSuchBuild.refusal, "other");
  const body = await readBody(context.req.raw, MAX_PATCH_BYTES);
  if (!body.ok) {
    await noteContact(context.env, access.value, buildId);
    return refusalResponse(context, body.refusal, "other");
  }
  const start = parseContentRange(context.req.header("Content-Range"))?.start ?? null;
  const patched = await appendTrace(context.env, access.value, buildId, start, body.value);
  if (!patched.ok) return refusalResponse(context, patched.refusal, "other");
  const { status, lengthBytes } = patched.value;
  // No body: nobody reads it, and making one is the dearest part of an answer that comes by the thousand.
  return context.body(null, 202, { "Build-Status": status, Range: `0-${lengthBytes}` });
});

legacyRoutes.post("/builds/:id/artifacts/authorize", async (context) => {
  const buildId = buildIdOf(context);
  const params = await paramsOf(context, MAX_PARAMS_BYTES);
  if (!params.ok) return refusalResponse(context, params.refusal, "authorize");
  const asked = validate(sizeParams, params.value);
  if (!asked.ok) return refusalResponse(context, asked.refusal, "authorize");
  const token = context.req.header("BUILD-TOKEN") ?? asked.value.token ?? null;
  if (buildId === null) return refusalResponse(context, noSuchBuild.refusal, "authorize");
  const access = await accessTo(context.env, token, buildId);
  if (!access.ok) return refusalResponse(context, access.refusal, "authorize");
  const allowed = await authorizeUpload(context.env, access.value, buildId, asked.value.filesize ?? 0);
  return allowed.ok ? context.json({}) : refusalResponse(context, allowed.refusal, "authorize");
});

legacyRoutes.post("/builds/:id/artifacts", async (context) => {
  const buildId = buildIdOf(context);
  if (buildId === null) return refusalResponse(context, noSuchBuild.refusal, "upload");
  const token = earlyToken(context);
  const uploaded = await uploadArtifact(context.env, {
    buildId,
    token,
    authorize: accessTo,
    kindOf: () => accept({ type: "archive", format: "zip" }),
    replaces: true,
    expireIn: context.req.query("expire_in") ?? null,
    body: context.req.raw.body,
    contentType: context.req.header("Content-Type"),
    declaredBytes: Number(context.req.header("Content-Length") ?? 0),
  });
  return uploaded.ok
    ? context.json(presentBuild(uploaded.value), 201)
    : refusalResponse(context, uploaded.refusal, "upload");
});

legacyRoutes.get("/builds/:id/artifacts", async (context) => {
  const found = await forArchive(context, findArchive);
  if (!found.ok) return refusalResponse(context, found.refusal, "other");
  const response = await downloadArtifact(context.env, found.value, context.req.raw.headers);
  return response.ok ? response.value : refusalResponse(context, response.refusal, "other");
});

legacyRoutes.delete("/builds/:id/artifacts", async (context) => {
  const deleted: Outcome<BuildSummary> = await forArchive(context, deleteArchive);
  return deleted.ok ? context.json(presentBuild(deleted.value)) : refusalResponse(context, deleted.refusal, "other");
});

const buildIdOf = (context: LegacyContext): number | null => {
  const build = parseId(context.req.param("id"));
  concerns({ build });
  return build;
};

const paramsOf = (context: LegacyContext, limitBytes: number) => readParams(context.req.raw, limitBytes);

/** For calls whose token may be anywhere, also in the body of a GET, as the seed's own example has it. */
const forArchive = async <T>(
  context: LegacyContext,
  verb: (env: Env, token: string | null, buildId: number) => Promise<Outcome<T>>,
): Promise<Outcome<T>> => {
  const buildId = buildIdOf(context);
  if (buildId === null) return noSuchBuild;
  const early = earlyToken(context);
  if (early !== null) return verb(context.env, early, buildId);
  const params = await paramsOf(context, MAX_PARAMS_BYTES);
  if (!params.ok) return params;
  const token = params.value["token"];
  return verb(context.env, typeof token === "string" ? token : null, buildId);
};
