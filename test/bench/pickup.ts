/** How long a runner that waits has to wait for a build that arrives. */
import { setTimeout as delay } from "node:timers/promises";
import { cursorIn } from "./coordinator.ts";
import type { BenchProject } from "./coordinator.ts";
import { Connection } from "./http.ts";
import { percentile } from "./measure.ts";

const BUILDS = 200;
/** Until a poll that was sent is surely being held. */
const HELD_MS = 20;

/** Milliseconds from the request that makes a build to the answer that hands it out. */
export const pickUpTimes = async (
  url: string,
  project: BenchProject,
): Promise<{ readonly p50: number; readonly p95: number }> => {
  const runner = new Connection(url);
  const consumer = new Connection(url);
  const times: number[] = [];
  for (let build = 0; build < BUILDS; build++) {
    // The answer without work brings the cursor with which the next poll is held.
    const empty = await runner.expect(204, project.pollCall());
    const answer = runner.expect(201, project.pollCall(cursorIn(empty)));
    await delay(HELD_MS);
    const startedMs = performance.now();
    await Promise.all([project.enqueueOne(consumer), answer.then(() => times.push(performance.now() - startedMs))]);
  }
  runner.close();
  consumer.close();
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
};
