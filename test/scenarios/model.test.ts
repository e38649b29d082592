/**
 * Random sequences of all that runners, consumers, clocks and crashes can do, against a model of what must hold.
 * `MODEL_SEED=7 MODEL_STEPS=300 npx vitest run --project workers test/scenarios/model.test.ts` repeats one of them,
 * `MODEL_RUNS=100` tries so many from that seed on.
 */
import { expect, inject, test } from "vitest";
import { runModel } from "../support/model/run.ts";

const { seed, steps, runs } = inject("model");

test.each(Array.from({ length: runs }, (_, index) => seed + index))(
  `whatever happens in ${steps} steps, nothing acknowledged is lost and nothing waits for ever: seed %d`,
  async (each) => {
    expect(await runModel(each, steps)).toHaveLength(steps + 1);
  },
  600_000,
);
