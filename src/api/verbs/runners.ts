/** What runners do about themselves, whatever dialect they speak. */
import { tokenKeys } from "../../config.ts";
import type { Env } from "../../config.ts";
import { accept } from "../../core/refusal.ts";
import type { Outcome } from "../../core/refusal.ts";
import type { Runner, RunnerInfo, RunnerSettings } from "../../core/runner.ts";
import { DEFAULT_QUEUE, queueStub } from "../../stubs.ts";
import { registrarOf, runnerOf } from "./authority.ts";

export interface RegisteredRunner {
  readonly id: number;
  readonly token: string;
}

/** Errors: `forbidden` registration token, `invalid` tags. */
export const registerRunner = async (
  env: Env,
  registrationToken: string,
  settings: RunnerSettings,
  info: RunnerInfo,
): Promise<Outcome<RegisteredRunner>> => {
  const projectId = await registrarOf(env, registrationToken);
  if (!projectId.ok) return projectId;
  const runner = await queueStub(env).registerRunner(settings, projectId.value, info);
  if (!runner.ok) return runner;
  return accept(await withToken(env, runner.value));
};

/** A new token; older ones are refused from then on. Errors: `not_found`. */
export const resetRunnerToken = async (env: Env, id: number): Promise<Outcome<RegisteredRunner>> => {
  const runner = await queueStub(env).resetToken(id);
  return runner.ok ? accept(await withToken(env, runner.value)) : runner;
};

const withToken = async (env: Env, { id, epoch, tokenPrefix }: Runner): Promise<RegisteredRunner> => {
  const keys = await tokenKeys(env);
  return { id, token: await keys.sign({ kind: "runner", queue: DEFAULT_QUEUE, id, epoch, prefix: tokenPrefix }) };
};

/** Errors: `forbidden`, `stale_token`. */
export const removeRunner = async (env: Env, token: string): Promise<Outcome<null>> => {
  const runner = await runnerOf(env, token);
  if (!runner.ok) return runner;
  // Not repeated when the call breaks: where the first has worked, the second would be refused.
  return queueStub(env).removeRunner(runner.value.id, runner.value.epoch);
};
