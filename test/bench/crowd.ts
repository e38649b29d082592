/** A thousand runners that wait in one queue, while builds arrive one after the other. */
import { setTimeout as delay } from "node:timers/promises";
import { buildIn, cursorIn } from "./coordinator.ts";
import type { BenchProject } from "./coordinator.ts";
import { Connection } from "./http.ts";
import { percentile, throughput } from "./measure.ts";

const RUNNERS = 1000;
const BUILDS = 1000;
const EVERY_MS = 10;
/** So many may be in the making; when none of them gets ready, the next build is late. */
const CONSUMERS = 32;
/** Until all polls are held. */
const SETTLE_MS = 3000;

export interface Crowd {
  readonly p50: number;
  readonly p95: number;
  /** A build came per so many milliseconds; more than were asked when the machine doesn't make as many. */
  readonly everyMs: number;
  /** How many were made. */
  readonly built: number;
  readonly handedOut: number;
  readonly handedOutTwice: number;
}

interface Waiting {
  readonly connection: Connection;
  readonly runner: BenchProject;
  readonly cursor: string;
}

/** Milliseconds from the request that makes a build to the answer that hands it out. */
export const crowdTimes = async (url: string, project: BenchProject): Promise<Crowd> => {
  const waiting: Waiting[] = [];
  await throughput(8, RUNNERS / 8, async () => {
    const connection = new Connection(url);
    const runner = await project.another(connection);
    waiting.push({ connection, runner, cursor: cursorIn(await connection.expect(204, runner.pollCall())) });
  });
  const consumers = Array.from({ length: CONSUMERS }, () => new Connection(url));
  /** When each build reached a runner. */
  const answeredMs = new Map<number, number[]>();
  const crowd = { isOver: false };

  const work = async ({ connection, runner, cursor: first }: Waiting): Promise<void> => {
    let cursor: string | null = first;
    while (!crowd.isOver) {
      const answer = await connection.send(runner.pollCall(cursor));
      // With a build comes none: the runner goes on with the one that it has.
      if (answer.status === 204) cursor = cursorIn(answer);
      if (answer.status === 204) continue;
      if (answer.status !== 201) throw new Error(`a poll: ${answer.status}`);
      const build = buildIn(answer);
      answeredMs.set(build.id, [...(answeredMs.get(build.id) ?? []), performance.now()]);
      await runner.confirm(connection, build);
    }
  };
  // Those that are held when it is over end with their connections.
  const working = Promise.all(waiting.map((runner) => work(runner).catch((error: unknown) => crowd.isOver || error)));

  await delay(SETTLE_MS);
  const startedMs = new Map<number, number>();
  const beganMs = performance.now();
  await throughput(CONSUMERS, Math.ceil(BUILDS / CONSUMERS), async (lane, turn) => {
    await delay(Math.max(0, beganMs + (turn * CONSUMERS + lane) * EVERY_MS - performance.now()));
    const askedMs = performance.now();
    startedMs.set(await project.enqueueOne(consumers[lane] as Connection), askedMs);
  });
  const everyMs = (performance.now() - beganMs) / startedMs.size;
  await delay(SETTLE_MS);
  crowd.isOver = true;
  for (const { connection } of waiting) connection.close();
  for (const connection of consumers) connection.close();
  for (const failure of await working) if (failure instanceof Error) throw failure;

  const times = [...startedMs].flatMap(([id, askedMs]) => (answeredMs.get(id) ?? []).map((ms) => ms - askedMs));
  const counts = [...answeredMs.values()].map((answers) => answers.length);
  return {
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    everyMs,
    built: startedMs.size,
    handedOut: counts.length,
    handedOutTwice: counts.filter((count) => count > 1).length,
  };
};
