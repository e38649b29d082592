/** Who may take what, in which order, and why a build waits. */

export interface RunnerTraits {
  readonly id: number;
  /** The projects it serves; null for an instance runner, which serves all that allow it. */
  readonly projects: readonly number[] | null;
  readonly tags: readonly string[];
  readonly runUntagged: boolean;
  readonly paused: boolean;
}

/** All that matters of a pending build to matching: builds that agree in it form one group, first come first served. */
export interface GroupTraits {
  readonly projectId: number;
  readonly tags: readonly string[];
  /** This runner lost the build's last claim: it gets the build only when no other could. */
  readonly avoidRunnerId: number | null;
}

export const groupKey = (group: GroupTraits): string =>
  JSON.stringify([group.projectId, group.tags, group.avoidRunnerId]);

/** May the runner run such builds, paused or not? */
export const suits = (
  runner: Pick<RunnerTraits, "projects" | "tags" | "runUntagged">,
  group: Pick<GroupTraits, "projectId" | "tags">,
  instanceRunnersAllowed: boolean,
): boolean => {
  if (runner.projects === null ? !instanceRunnersAllowed : !runner.projects.includes(group.projectId)) return false;
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
export const pendingReason = (
  group: Pick<GroupTraits, "projectId" | "tags">,
  runners: readonly (RunnerTraits & { readonly online: boolean })[],
  instanceRunnersAllowed: boolean,
): string => {
  const serving = runners.filter((runner) =>
    runner.projects === null ? instanceRunnersAllowed : runner.projects.includes(group.projectId),
  );
  if (serving.length === 0) return "no runner serves this project";
  const suitable = serving.filter((runner) => suits(runner, group, instanceRunnersAllowed));
  const wanted = group.tags.length === 0 ? "takes builds without tags" : `has the tags ${group.tags.join(", ")}`;
  if (suitable.length === 0) return `no runner ${wanted}`;
  const unpaused = suitable.filter((runner) => !runner.paused);
  if (unpaused.length === 0) return `every runner that ${wanted} is paused`;
  if (!unpaused.some((runner) => runner.online)) return `no runner that ${wanted} is online`;
  return "waiting for a runner to become free";
};
