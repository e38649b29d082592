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
import type { Report } from "../../builds/runner-calls.ts";
import { LEGACY_ABILITIES } from "../../core/runner/abilities.ts";
import type { Outcome } from "../../core/refusal.ts";
import { accept, refuse } from "../../core/refusal.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../core/runner/runner.ts";
import { tokensShown } from "../../http/admission.ts";
import { readBody } from "../../http/body.ts";
import { parseContentRange } from "../../http/content-range.ts";
import type { FrontContext } from "../../http/front.ts";
import { validate } from "../../http/loose.ts";
import { jobServerUrl } from "../../http/public-url.ts";
import { ask, buildIdOf, earlyToken, MAX_PATCH_BYTES, patchStored } from "../../http/runner-request.ts";
import {
  authorizeUpload,
  deleteArchive,
  downloadArtifact,
  findArchive,
  uploadArtifact,
} from "../../verbs/artifacts.ts";
import { accessTo } from "../../verbs/authority.ts";
import { registerRunner, removeRunner } from "../../verbs/runners.ts";
import { accessOfRunner, appendTrace, noteContact, reportBuild, requestWork } from "../../verbs/work.ts";
import { acceptsNoContent } from "./user-agent.ts";
import { presentBuild, presentClaimed } from "./present.ts";
import { answering } from "./refusals.ts";
import { readReport } from "./report-body.ts";
import type { ReportBody } from "./report-body.ts";
import { pollParams, registration, removal, reportParams, sizeParams, tokenParams } from "./params.ts";

const tokenOf = earlyToken("BUILD-TOKEN");

/** A path's id can't be anything but a build's: whatever else it is, it is not found. */
const noSuchBuild = refuse({ reason: "not_found", what: "build" });

/** A map, not an object: of that, `constructor` would be a state as well. */
const REPORTS: ReadonlyMap<string, Report> = new Map<string, Report>([
  ["success", { kind: "succeed" }],
  ["failed", { kind: "fail", reason: "unknown_failure", exitCode: null }],
  ["running", { kind: "confirm" }],
]);

export const legacyRoutes = new Hono<{ Bindings: Env }>();

legacyRoutes.post(
  "/runners/register",
  answering("register", async (context) => {
    const asked = await ask(context, registration);
    if (!asked.ok) return asked;
    const { token, info, ...settings } = asked.value;
    const runner = await registerRunner(context.env, token, { ...DEFAULT_RUNNER_SETTINGS, ...settings }, info);
    return runner.ok ? accept(context.json({ id: runner.value.id, token: runner.value.token }, 201)) : runner;
  }),
);

legacyRoutes.delete(
  "/runners/delete",
  answering("other", async (context) => {
    const asked = await ask(context, removal);
    if (!asked.ok) return asked;
    const removed = await removeRunner(context.env, asked.value.token);
    return removed.ok ? accept(context.json(true)) : removed;
  }),
);

legacyRoutes.post(
  "/builds/register",
  answering("other", async (context) => {
    const asked = await ask(context, pollParams);
    if (!asked.ok) return asked;
    const answer = await requestWork(context.env, {
      token: asked.value.token ?? null,
      systemId: null,
      ipAddress: null,
      info: asked.value.info ?? null,
      abilities: LEGACY_ABILITIES,
      cursor: asked.value.last_update ?? null,
    });
    if (!answer.ok) return answer;
    if (answer.value.kind === "work") {
      const { build, runner } = answer.value;
      return accept(context.json(presentClaimed(build, runner, jobServerUrl(context, build.project)), 201));
    }
    return accept(nothing(context, answer.value.cursor));
  }),
);

const nothing = (context: FrontContext, cursor: string): Response => {
  const headers = cursor === "" ? undefined : { "X-GitLab-Last-Update": cursor };
  return acceptsNoContent(context.req.header("User-Agent"))
    ? context.body(null, 204, headers)
    : context.json({ message: "404 Not Found" }, 404, headers);
};

legacyRoutes.put(
  "/builds/:id",
  answering("report", async (context) => {
    const body = await readReport(context.req.raw, (beginning) => mayReportMuch(context, beginning));
    if (!body.ok) return body;
    const reported = await reportFrom(context, body.value);
    const rest = await body.value.finish();
    if (reported.ok) return accept(context.json(true));
    // Of a log that broke off this says why.
    return reported.refusal.reason === "malformed_body" && !rest.ok ? rest : reported;
  }),
);

/** A long log is read only from a runner that has the build, or had it: its last report may be repeated. */
const mayReportMuch = async (context: FrontContext, beginning: Uint8Array): Promise<Outcome<unknown>> => {
  const buildId = buildIdOf(context);
  let access: Outcome<unknown> = refuse({ reason: "forbidden" });
  for (const token of tokensShown(context, beginning)) {
    access = await accessOfRunner(context.env, token, buildId);
    if (access.ok) return access;
  }
  return access;
};

const reportFrom = async (context: FrontContext, { params, log }: ReportBody): Promise<Outcome<unknown>> => {
  const asked = validate(reportParams, params);
  if (!asked.ok) return asked;
  const buildId = buildIdOf(context);
  const access = await accessOfRunner(context.env, asked.value.token ?? tokenOf(context), buildId);
  if (!access.ok) return access;
  if (buildId === null) return noSuchBuild;
  const report = REPORTS.get(asked.value.state ?? "") ?? { kind: "keep_alive" };
  return reportBuild(context.env, access.value, buildId, report, { log: typeof log === "function" ? log() : log });
};

legacyRoutes.patch(
  "/builds/:id/trace.txt",
  answering("other", async (context) => {
    const buildId = buildIdOf(context);
    const access = await accessTo(context.env, tokenOf(context), buildId);
    if (!access.ok) return access;
    if (buildId === null) return noSuchBuild;
    const body = await readBody(context.req.raw, MAX_PATCH_BYTES);
    if (!body.ok) {
      await noteContact(context.env, access.value, buildId);
      return body;
    }
    const start = parseContentRange(context.req.header("Content-Range"))?.start ?? null;
    const patched = await appendTrace(context.env, access.value, buildId, start, body.value);
    if (!patched.ok) return patched;
    const { status, lengthBytes } = patched.value;
    return accept(patchStored(context, lengthBytes, { "Build-Status": status }));
  }),
);

legacyRoutes.post(
  "/builds/:id/artifacts/authorize",
  answering("authorize", async (context) => {
    const buildId = buildIdOf(context);
    const asked = await ask(context, sizeParams);
    if (!asked.ok) return asked;
    const token = context.req.header("BUILD-TOKEN") ?? asked.value.token ?? null;
    if (buildId === null) return noSuchBuild;
    const access = await accessTo(context.env, token, buildId);
    if (!access.ok) return access;
    const allowed = await authorizeUpload(context.env, access.value, buildId, asked.value.filesize ?? 0);
    return allowed.ok ? accept(context.json({})) : allowed;
  }),
);

legacyRoutes.post(
  "/builds/:id/artifacts",
  answering("upload", async (context) => {
    const buildId = buildIdOf(context);
    if (buildId === null) return noSuchBuild;
    const uploaded = await uploadArtifact(context.env, {
      buildId,
      token: tokenOf(context),
      authorize: accessTo,
      kindOf: () => accept({ type: "archive", format: "zip" }),
      replaces: true,
      expireIn: context.req.query("expire_in") ?? null,
      body: context.req.raw.body,
      contentType: context.req.header("Content-Type"),
      declaredBytes: Number(context.req.header("Content-Length") ?? 0),
    });
    return uploaded.ok ? accept(context.json(presentBuild(uploaded.value), 201)) : uploaded;
  }),
);

legacyRoutes.get(
  "/builds/:id/artifacts",
  answering("other", async (context) => {
    const found = await forArchive(context, findArchive);
    return found.ok ? downloadArtifact(context.env, found.value, context.req.raw.headers) : found;
  }),
);

legacyRoutes.delete(
  "/builds/:id/artifacts",
  answering("other", async (context) => {
    const deleted = await forArchive(context, deleteArchive);
    return deleted.ok ? accept(context.json(presentBuild(deleted.value))) : deleted;
  }),
);

/** For calls whose token may be anywhere, also in the body of a GET, as the seed's own example has it. */
const forArchive = async <T>(
  context: FrontContext,
  verb: (env: Env, token: string | null, buildId: number) => Promise<Outcome<T>>,
): Promise<Outcome<T>> => {
  const buildId = buildIdOf(context);
  if (buildId === null) return noSuchBuild;
  const early = tokenOf(context);
  if (early !== null) return verb(context.env, early, buildId);
  const asked = await ask(context, tokenParams);
  return asked.ok ? verb(context.env, asked.value.token, buildId) : asked;
};
