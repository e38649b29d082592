/**
 * Random sequences of all that runners, consumers, clocks and crashes can do, against a model of what must hold.
 * `MODEL_SEED=7 MODEL_STEPS=100 npx vitest run --project workers test/scenarios/model` repeats one of them: all is the
 * seed's choice but which of two requests at once comes first, which is the runtime's. `MODEL_RUNS=20` tries so many from
 * that seed on; more in one go get slow, since a worker does with each run.
 */
import { expect, inject, test } from "vitest";
import { runModel } from "./run.ts";

/** As many files take turns: each run in a worker slows down those after it, and files run side by side. */
const PARTS = 4;

export const testModel = (part: number): void => {
  const { seeds, steps } = inject("model");
  const own = seeds.filter((_seed, index) => index % PARTS === part);
  test.skipIf(own.length === 0).each(own)(
    `whatever happens in ${steps} steps, nothing acknowledged is lost and nothing waits for ever: seed %d`,
    async (seed) => {
      // Those steps, and a last one that settles all.
      expect(await runModel(seed, steps)).toHaveLength(steps + 1);
    },
    600_000,
  );
};
