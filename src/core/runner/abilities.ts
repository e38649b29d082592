/** What a claiming runner can do, as far as builds must know. */
import type { RunnerInfo } from "./runner.ts";

export interface Abilities {
  /** It confirms with a report that it runs what it was handed; until then the build is pending. */
  readonly twoPhase: boolean;
  /** It runs after_script when told `canceling`. Not the same as `cancelable`, which says only that it stops at all. */
  readonly cancelGracefully: boolean;
  /** It sends its whole trace anew when told that what is stored differs from what it has. */
  readonly resendsTrace: boolean;
  /** It speaks the legacy API, whose runners can't announce anything. */
  readonly legacy: boolean;
}

export const LEGACY_ABILITIES: Abilities = {
  twoPhase: false,
  cancelGracefully: false,
  resendsTrace: false,
  legacy: true,
};

/** By the features that a runner announces, in GitLab's names. */
export const abilitiesOf = ({ features = {} }: Pick<RunnerInfo, "features">): Abilities => ({
  twoPhase: features["two_phase_job_commit"] === true,
  cancelGracefully: features["cancel_gracefully"] === true,
  resendsTrace: features["trace_reset"] === true,
  legacy: false,
});

/**
 * What is known after a runner has said `said` of itself: that, but the features of before when it says nothing of them,
 * so that no empty contact takes an ability away. `known` itself when nothing is new.
 */
export const learned = (known: RunnerInfo, said: RunnerInfo | null): RunnerInfo => {
  if (said === null) return known;
  const info =
    said.features === undefined && known.features !== undefined ? { ...said, features: known.features } : said;
  return JSON.stringify(info) === JSON.stringify(known) ? known : info;
};

export const sameFeatures = (one: RunnerInfo, other: RunnerInfo): boolean =>
  JSON.stringify(one.features ?? {}) === JSON.stringify(other.features ?? {});
