/** Which runners a list shows. */
import type { RunnerSummary } from "./runner.ts";

/** Silent for so long, a runner is probably gone for good. */
const STALE_AFTER_MS = 7 * 86_400_000;

export type RunnerStatus = "online" | "offline" | "stale" | "never_contacted";

export type RunnerType = "instance_type" | "project_type";

/** What isn't there lets every runner through. */
export interface RunnerFilter {
  readonly type?: RunnerType | "group_type" | undefined;
  readonly status?: RunnerStatus | "active" | "paused" | undefined;
  readonly paused?: boolean | undefined;
  /** A runner must have all of these. */
  readonly tags: readonly string[];
  /** What its version begins with. */
  readonly versionPrefix: string;
  /** Those of this project, and of the instance where it allows them; null for all. */
  readonly project: { readonly id: number; readonly sharedRunnersEnabled: boolean } | null;
}

export const runnerStatus = (runner: RunnerSummary, nowMs: number): RunnerStatus => {
  if (runner.online) return "online";
  if (nowMs - (runner.contactedAtMs ?? runner.createdAtMs) >= STALE_AFTER_MS) return "stale";
  return runner.contactedAtMs === null ? "never_contacted" : "offline";
};

export const runnerType = ({ projects }: Pick<RunnerSummary, "projects">): RunnerType =>
  projects === null ? "instance_type" : "project_type";

const hasStatus = (runner: RunnerSummary, status: NonNullable<RunnerFilter["status"]>, nowMs: number): boolean => {
  if (status === "active" || status === "paused") return runner.paused === (status === "paused");
  return runnerStatus(runner, nowMs) === status;
};

const mayServe = ({ projects }: RunnerSummary, project: NonNullable<RunnerFilter["project"]>): boolean =>
  projects === null ? project.sharedRunnersEnabled : projects.includes(project.id);

export const matchesFilter = (runner: RunnerSummary, filter: RunnerFilter, nowMs: number): boolean =>
  (filter.project === null || mayServe(runner, filter.project)) &&
  (filter.type === undefined || runnerType(runner) === filter.type) &&
  (filter.status === undefined || hasStatus(runner, filter.status, nowMs)) &&
  (filter.paused === undefined || runner.paused === filter.paused) &&
  filter.tags.every((tag) => runner.tags.includes(tag)) &&
  (runner.info.version ?? "").startsWith(filter.versionPrefix);
