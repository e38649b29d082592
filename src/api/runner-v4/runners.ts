/**
 * Runners of today's dialect, `/api/v4`: how GitLab Runner 9 to 19 comes and goes. Each path also with `.json` at its end.
 *
 *   POST   /runners                            registerRunner, with a registration token or a project's `runners_token`
 *   POST   /runners/verify                     verifyRunner; all that `register` calls when it is given a `glrt-` token
 *   DELETE /runners                            removeRunner
 *   DELETE /runners/managers                   removeMachine: one machine of those that share a token
 *   POST   /runners/reset_authentication_token resetOwnToken
 *   GET    /runners/router/discovery           501: there is no job router
 *
 * Parameters come from JSON, form, multipart or query by any method; the token as `token` or as the header RUNNER-TOKEN.
 *
 * Different from GitLab on purpose: tokens don't expire, `token_expires_at` is null. Known gaps: DELETE /runners doesn't look
 * at If-Unmodified-Since; registration can't be switched off (410), but by a token that nobody is told.
 */
import { Hono } from "hono";
import type * as v from "valibot";
import { accept, refuse } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../core/runner/runner.ts";
import type { FrontContext } from "../../http/front.ts";
import { ask } from "../../http/runner-request.ts";
import { runnerSettingsOf } from "../../http/runner-settings.ts";
import { registerRunner, removeMachine, removeRunner, resetOwnToken, verifyRunner } from "../../verbs/runners.ts";
import { answering } from "./refusals.ts";
import { callerOf, registrationParams, runnerParams, runnerToken } from "./runner-params.ts";

export const runnerRoutes = new Hono<{ Bindings: Env }>();

/** The parameters of a request, its token among them wherever it came. */
const askWithToken = async <Output extends { readonly token?: string | null | undefined }>(
  context: FrontContext,
  schema: v.GenericSchema<unknown, Output>,
): Promise<Outcome<Output & { readonly token: string }>> => {
  const asked = await ask(context, schema);
  if (!asked.ok) return asked;
  const token = runnerToken(context, asked.value.token);
  return token.ok ? accept({ ...asked.value, token: token.value }) : token;
};

runnerRoutes.post(
  "/runners",
  answering("runner", async (context) => {
    const asked = await askWithToken(context, registrationParams);
    if (!asked.ok) return asked;
    const settings = runnerSettingsOf(asked.value);
    if (!settings.ok) return settings;
    const { token, info } = asked.value;
    const runner = await registerRunner(context.env, token, { ...DEFAULT_RUNNER_SETTINGS, ...settings.value }, info);
    if (!runner.ok) return runner;
    return accept(context.json({ id: runner.value.id, token: runner.value.token, token_expires_at: null }, 201));
  }),
);

runnerRoutes.post(
  "/runners/verify",
  answering("runner", async (context) => {
    const asked = await askWithToken(context, runnerParams);
    if (!asked.ok) return asked;
    const { token } = asked.value;
    const runner = await verifyRunner(context.env, token, callerOf(context, asked.value));
    return runner.ok ? accept(context.json({ id: runner.value.id, token, token_expires_at: null })) : runner;
  }),
);

runnerRoutes.delete(
  "/runners",
  answering("runner", async (context) => {
    const asked = await askWithToken(context, runnerParams);
    if (!asked.ok) return asked;
    const removed = await removeRunner(context.env, asked.value.token);
    return removed.ok ? accept(context.body(null, 204)) : removed;
  }),
);

runnerRoutes.delete(
  "/runners/managers",
  answering("runner", async (context) => {
    const asked = await askWithToken(context, runnerParams);
    if (!asked.ok) return asked;
    const { token, system_id: systemId } = asked.value;
    if (!systemId) return refuse({ reason: "invalid", field: "system_id", message: "is missing" });
    const removed = await removeMachine(context.env, token, systemId);
    return removed.ok ? accept(context.body(null, 204)) : removed;
  }),
);

runnerRoutes.post(
  "/runners/reset_authentication_token",
  answering("runner", async (context) => {
    const asked = await askWithToken(context, runnerParams);
    if (!asked.ok) return asked;
    const reset = await resetOwnToken(context.env, asked.value.token);
    return reset.ok ? accept(context.json({ token: reset.value.token, token_expires_at: null }, 201)) : reset;
  }),
);

runnerRoutes.get(
  "/runners/router/discovery",
  answering("runner", async (context) => {
    const asked = await askWithToken(context, runnerParams);
    if (!asked.ok) return asked;
    const nobody = { systemId: null, ipAddress: null, info: null };
    const runner = await verifyRunner(context.env, asked.value.token, nobody);
    // 19.3 takes this for an answer, and asks again in an hour.
    return runner.ok ? accept(context.json({ message: "job router is not available" }, 501)) : runner;
  }),
);
