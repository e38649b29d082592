/** Builds, whoever asks: list, create, show, and what a person may do to one. */
import { completeSpec } from "../core/build/asked-spec.ts";
import type { AskedSpec } from "../core/build/asked-spec.ts";
import type { BuildStatus, HistoryEntry } from "../core/build/build.ts";
import type { BuildSummary } from "../core/build/summary.ts";
import type { Actor } from "../core/principal.ts";
import { refuse } from "../core/refusal.ts";
import type { Outcome } from "../core/refusal.ts";
import type { MachineSummary, RunnerSummary } from "../core/runner/runner.ts";
import { currentRequest } from "../http/request-log.ts";
import type { BuildList, BuildQuery, Idempotency } from "../projects/store.ts";
import { buildStub, projectStub, queueStub } from "../stubs.ts";
import { retrying } from "./call.ts";
import { currentProject } from "./projects.ts";

/** Does the project have this build? No build's object is called for an id that its project doesn't know. */
export const hasBuild = (env: Env, projectId: number, buildId: number): Promise<boolean> =>
  retrying(async () => projectStub(env, projectId).hasBuild(buildId));

/** Errors: `not_found` project. */
export const listBuilds = (env: Env, projectId: number, query: BuildQuery): Promise<Outcome<BuildList>> =>
  retrying(async () => projectStub(env, projectId).listBuilds(query));

/**
 * One build, alone. What `asked` leaves open is the project's default. With `idempotency` a repeated request gets the first
 * one's build, whatever the defaults are by then. Errors: those of `completeSpec`; `not_found` project; `invalid` for
 * dependencies that aren't of this project or a key that was used for another request.
 */
export const createBuild = async (
  env: Env,
  by: Actor,
  projectId: number,
  asked: AskedSpec,
  idempotency: Idempotency | null,
): Promise<Outcome<BuildSummary>> => {
  // The project's own word, not the directory's copy: its defaults become part of the build.
  const project = await currentProject(env, projectId);
  if (!project.ok) return project;
  const spec = completeSpec(asked, project.value);
  return spec.ok ? projectStub(env, projectId).createBuild(by, spec.value, idempotency, currentRequest()) : spec;
};

/** Errors: `not_found`. */
export const showBuild = (env: Env, id: number): Promise<Outcome<BuildSummary>> =>
  retrying(async () => buildStub(env, id).summary());

/** Errors: `not_found`. */
export const historyOf = (env: Env, id: number): Promise<Outcome<readonly HistoryEntry[]>> =>
  retrying(async () => buildStub(env, id).history());

/** Errors: `not_found`. A build that has ended stays as it is. */
export const cancelBuild = (env: Env, by: Actor, id: number, force: boolean): Promise<Outcome<BuildSummary>> =>
  retrying(async () => buildStub(env, id).cancel(by, force, currentRequest()));

/** A new build of the same spec. Errors: `not_found`, `not_retryable`. */
export const retryBuild = (env: Env, by: Actor, projectId: number, id: number): Promise<Outcome<BuildSummary>> =>
  projectStub(env, projectId).retryBuild(by, id, currentRequest());

/** Removes its log and artifacts; its record stays. Errors: `not_found`, `not_erasable`. */
export const eraseBuild = (env: Env, by: Actor, id: number): Promise<Outcome<BuildSummary>> =>
  buildStub(env, id).erase(by, currentRequest());

export interface Surroundings {
  /** What a pending one waits for, by the build's id. */
  readonly pendingReasons: ReadonlyMap<number, string>;
  /** Who has or had a build, by its id. */
  readonly ranBy: ReadonlyMap<
    number,
    { readonly runner: RunnerSummary | null; readonly machine: MachineSummary | null }
  >;
}

/** What the queue knows of these builds: two calls for all of them, none for what it isn't concerned with. */
export const lookAround = async (env: Env, builds: readonly BuildSummary[]): Promise<Surroundings> => {
  const [reasons, ran] = await Promise.all([pendingReasons(env, builds), ranBy(env, builds)]);
  return { pendingReasons: reasons, ranBy: ran };
};

const ranBy = async (env: Env, builds: readonly BuildSummary[]): Promise<Surroundings["ranBy"]> => {
  const ran = builds.flatMap(({ id, runner }) => (runner === null ? [] : [{ id, runner }]));
  if (ran.length === 0) return new Map();
  const asked = ran.map(({ runner: { id, manager } }) => ({ id, manager: manager ?? null }));
  const known = await retrying(async () => queueStub(env).whoRan(asked));
  return new Map(ran.map(({ id }, index) => [id, known[index] ?? { runner: null, machine: null }]));
};

/** What each pending one of these waits for, by id. One call for all of them, none when nothing waits. */
const pendingReasons = async (env: Env, builds: readonly BuildSummary[]): Promise<Map<number, string>> => {
  const pending = builds.filter((build) => build.status === "pending");
  if (pending.length === 0) return new Map();
  const asked = pending.map(({ id, projectId, tags }) => ({ id, projectId, tags }));
  const reasons = await retrying(async () => queueStub(env).pendingReasons(asked));
  return new Map(pending.map((build, index) => [build.id, reasons[index] ?? ""]));
};

/**
 * Of the last hundred that the runner claimed, those that it still holds or has finished, in the order of their ids: others
 * went on to another runner. Errors: `not_found` runner.
 */
export const listRunnerBuilds = async (
  env: Env,
  runnerId: number,
  status: BuildStatus | null,
): Promise<Outcome<BuildSummary[]>> => {
  const ids = await retrying(async () => queueStub(env).runnerBuilds(runnerId));
  if (!ids.ok) return refuse(ids.refusal);
  const shown = await Promise.all(ids.value.map((id) => showBuild(env, id)));
  const builds = shown
    .flatMap((build) => (build.ok ? [build.value] : []))
    .filter((build) => build.runner?.id === runnerId && (status === null || build.status === status));
  return { ok: true, value: builds.toSorted((a, b) => a.id - b.id) };
};
