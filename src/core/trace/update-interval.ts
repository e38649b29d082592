/** How often a runner is to send what is new of its trace. */

/** Somebody looks at it: as often as GitLab's runners do by themselves. */
const WATCHED_SECONDS = 3;
/** Nobody does: a twentieth of the writes. */
const UNWATCHED_SECONDS = 60;
/**
 * A runner is heard of once in an interval, or in four with its dynamic keep-alives: the limit of silence must be a
 * multiple of either.
 */
const INTERVALS_PER_SILENCE = 10;

/**
 * A runner that was not heard of for longer than this is gone: it reports at least once a minute, or in its own interval
 * if that is longer, and half of that again is for what is slow on the way.
 */
export const silentAfterMs = (isWatched: boolean, stuckAfterMs: number): number =>
  Math.max(60, updateIntervalSeconds(isWatched, stuckAfterMs)) * 1500;

/** In whole seconds, at least one. */
export const updateIntervalSeconds = (isWatched: boolean, stuckAfterMs: number): number => {
  const most = Math.max(1, Math.floor(stuckAfterMs / 1000 / INTERVALS_PER_SILENCE));
  return Math.min(isWatched ? WATCHED_SECONDS : UNWATCHED_SECONDS, most);
};
