/** Runners as people see them: list, show, change, remove, and the machines of one. */
import type { RunnerFilter } from "../core/runner/filter.ts";
import type { Outcome } from "../core/refusal.ts";
import type { MachineSummary, RunnerSettings, RunnerSummary } from "../core/runner/runner.ts";
import type { Part, Slice } from "../queue/object.ts";
import { queueStub } from "../stubs.ts";
import { retrying } from "./call.ts";

/** The newest first. */
export const listRunners = (env: Env, filter: RunnerFilter, slice: Slice): Promise<Part<RunnerSummary>> =>
  retrying(async () => queueStub(env).listRunners(filter, slice));

/** Errors: `not_found`. */
export const showRunner = (env: Env, id: number): Promise<Outcome<RunnerSummary>> =>
  retrying(async () => queueStub(env).runner(id));

/** Errors: `not_found`, `invalid` tags. */
export const updateRunner = (env: Env, id: number, change: Partial<RunnerSettings>): Promise<Outcome<RunnerSummary>> =>
  retrying(async () => queueStub(env).updateRunner(id, change));

/** Errors: `not_found`; `invalid` for a runner of the instance, or of too many projects; `taken` when it serves the project already. */
export const enableRunner = (env: Env, id: number, projectId: number): Promise<Outcome<RunnerSummary>> =>
  queueStub(env).enableRunner(id, projectId);

/** Errors: `not_found` when it doesn't serve the project, `only_project` when it serves no other. */
export const disableRunner = (env: Env, id: number, projectId: number): Promise<Outcome<null>> =>
  queueStub(env).disableRunner(id, projectId);

/** What it runs fails at once. Errors: `not_found`. */
export const deleteRunner = (env: Env, id: number): Promise<Outcome<null>> => queueStub(env).removeRunner(id, null);

/** The newest first. Errors: `not_found` runner. */
export const listMachines = (env: Env, id: number, slice: Slice): Promise<Outcome<Part<MachineSummary>>> =>
  retrying(async () => queueStub(env).machinesOf(id, slice));
