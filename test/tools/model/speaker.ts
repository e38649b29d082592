/** Who speaks of a build. */
import type { Random } from "./random.ts";
import { isCurrent, isOver } from "./world.ts";
import type { Attempt, ModelBuild, World } from "./world.ts";

export interface Speaker {
  readonly build: ModelBuild;
  readonly attempt: Attempt;
}

/** Mostly one that holds its build; now and then one that has lost it, or has ended it. */
export const speaker = (world: World, random: Random): Speaker | null => {
  const all = world.attempts();
  const holding = all.filter(({ build, attempt }) => isCurrent(build, attempt) && !isOver(build));
  const speaking = random.pick(random.chance(85) ? holding : all);
  if (speaking !== null) speaking.build.spokenAtMs = Date.now();
  return speaking;
};

/** Heard of: the answer has said so. */
export const heard = (attempt: Attempt): void => {
  attempt.contactAtMs = Date.now();
};
