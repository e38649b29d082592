/** Who may take what, in which order, and why a build waits. */
import type { AccessLevel } from "./runner.ts";

export interface RunnerTraits {
  readonly id: number;
  /** The projects it serves; null for an instance runner, which serves all that allow it. */
  readonly projects: readonly number[] | null;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly accessLevel: AccessLevel;
  readonly paused: boolean;
}

/** All that matters of a pending build to matching: builds that agree in it form one group, first come first served. */
export interface GroupTraits {
  readonly projectId: number;
  readonly tags: readonly string[];
  /** Of a protected ref: also for runners that take no others. */
  readonly refProtected: boolean;
  /** This runner lost the build's last claim: it gets the build only when no other could. */
  readonly avoidRunnerId: number | null;
}

/** Stored with each pending build: for those of unprotected refs it must stay what it was before there were others. */
export const groupKey = ({ projectId, tags, avoidRunnerId, refProtected }: GroupTraits): string =>
  JSON.stringify([projectId, tags, avoidRunnerId, ...(refProtected ? ["protected"] : [])]);

/** May the runner run such builds, paused or not? */
export const suits = (
  runner: Pick<RunnerTraits, "projects" | "tags" | "runUntagged" | "accessLevel">,
  group: Pick<GroupTraits, "projectId" | "tags" | "refProtected">,
  instanceRunnersAllowed: boolean,
): boolean => {
  if (runner.projects === null ? !instanceRunnersAllowed : !runner.projects.includes(group.projectId)) return false;
  if (runner.accessLevel === "ref_protected" && !group.refProtected) return false;
  return group.tags.length === 0 ? runner.runUntagged : group.tags.every((tag) => runner.tags.includes(tag));
};

/** The first build of a group, as the order between groups sees it. */
export interface Candidate {
  readonly projectId: number;
  /** The queue's own order of arrival; build numbers come in blocks and don't order across projects. */
  readonly position: number;
}

/**
 * Which of the candidates goes first. Between projects that share instance runners, the one with the fewest builds running
 * on them: one project's hundreds must not starve another's one. Then, and for a project's own runner, the oldest.
 */
export const firstOf = <T extends Candidate>(
  candidates: readonly T[],
  runningByProject: (projectId: number) => number,
): T | null => {
  let best: T | null = null;
  let bestRunning = 0;
  for (const candidate of candidates) {
    const running = runningByProject(candidate.projectId);
    if (best === null || running < bestRunning || (running === bestRunning && candidate.position < best.position)) {
      best = candidate;
      bestRunning = running;
    }
  }
  return best;
};

/** Why a pending build waits, in words for the person who waits for it. */
export const pendingReason = <R extends RunnerTraits>(
  group: Pick<GroupTraits, "projectId" | "tags" | "refProtected">,
  runners: readonly R[],
  isOnline: (runner: R) => boolean,
  instanceRunnersAllowed: boolean,
): string => {
  const takes = (runner: R) => suits(runner, group, instanceRunnersAllowed) && !runner.paused;
  // Most often it is that, and of a thousand runners the first says so.
  if (runners.some((runner) => takes(runner) && isOnline(runner))) return "waiting for a runner to become free";
  const serving = runners.filter((runner) =>
    runner.projects === null ? instanceRunnersAllowed : runner.projects.includes(group.projectId),
  );
  if (serving.length === 0) return "no runner serves this project";
  // To a runner that takes only builds of protected refs, what a build lacks is that; its tags may be right.
  const able = serving.filter((runner) => suits(runner, { ...group, refProtected: true }, instanceRunnersAllowed));
  const suitable = able.filter((runner) => suits(runner, group, instanceRunnersAllowed));
  const wanted = group.tags.length === 0 ? "takes builds without tags" : `has the tags ${group.tags.join(", ")}`;
  if (able.length === 0) return `no runner ${wanted}`;
  if (suitable.length === 0) return `every runner that ${wanted} takes only builds of protected refs`;
  if (!suitable.some(takes)) return `every runner that ${wanted} is paused`;
  return `no runner that ${wanted} is online`;
};
