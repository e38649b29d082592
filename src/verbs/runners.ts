/** What runners do about themselves, whatever dialect they speak. */
import { tokenKeys } from "../settings.ts";
import { accept } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { Runner, RunnerInfo, RunnerSettings } from "../core/runner/runner.ts";
import type { Caller } from "../queue/machines.ts";
import { DEFAULT_QUEUE, queueStub } from "../stubs.ts";
import { retrying } from "./call.ts";
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
  return accept(withToken(env, runner.value));
};

/** A runner that a machine will come to be by its token alone, for one project or with null for all. Errors: `invalid` tags. */
export const createRunner = async (
  env: Env,
  projectId: number | null,
  settings: RunnerSettings,
): Promise<Outcome<RegisteredRunner>> => {
  const runner = await queueStub(env).registerRunner(settings, projectId, {}, "glrt-");
  return runner.ok ? accept(withToken(env, runner.value)) : runner;
};

/** Is the token good? Notes who asks. Errors: `forbidden`, `stale_token`. */
export const verifyRunner = async (env: Env, token: string, caller: Caller): Promise<Outcome<Runner>> => {
  const runner = runnerOf(env, token);
  if (!runner.ok) return runner;
  return retrying(async () => queueStub(env).verifyRunner(runner.value, caller));
};

/** A new token; older ones are refused from then on. Errors: `not_found`. */
export const resetRunnerToken = async (env: Env, id: number): Promise<Outcome<RegisteredRunner>> => {
  const runner = await queueStub(env).resetToken(id);
  return runner.ok ? accept(withToken(env, runner.value)) : runner;
};

/** The same by the runner itself. Errors: `forbidden`, `stale_token`. */
export const resetOwnToken = async (env: Env, token: string): Promise<Outcome<RegisteredRunner>> => {
  const asked = runnerOf(env, token);
  if (!asked.ok) return asked;
  // Not repeated when the call breaks: where the first has worked, the second would be refused.
  const runner = await queueStub(env).resetToken(asked.value.id, asked.value.epoch);
  return runner.ok ? accept(withToken(env, runner.value)) : runner;
};

const withToken = (env: Env, { id, epoch, tokenPrefix: prefix }: Runner): RegisteredRunner => {
  return { id, token: tokenKeys(env).sign({ kind: "runner", queue: DEFAULT_QUEUE, id, epoch, prefix }) };
};

/** Errors: `forbidden`, `stale_token`. */
export const removeRunner = async (env: Env, token: string): Promise<Outcome<null>> => {
  const runner = runnerOf(env, token);
  if (!runner.ok) return runner;
  // Not repeated when the call breaks: where the first has worked, the second would be refused.
  return queueStub(env).removeRunner(runner.value.id, runner.value.epoch);
};

/** Errors: `forbidden`, `stale_token`, `not_found` for a machine that the runner doesn't have. */
export const removeMachine = async (env: Env, token: string, systemId: string): Promise<Outcome<null>> => {
  const runner = runnerOf(env, token);
  return runner.ok ? queueStub(env).removeMachine(runner.value, systemId) : runner;
};
