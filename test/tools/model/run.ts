/** One run of the model: a world, a number of steps that a seed decides, a look after each, and the end of it all. */
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { newProject, runnersToken } from "../clients/legacy-api.ts";
import { cancel, cancelMeanwhile, create, erase, list, read, retry } from "./consumer.ts";
import { advance } from "./clock.ts";
import { beAway, crashDuring, crashIdle, evict, pass, settle } from "./faults.ts";
import type { Weighted } from "./faults.ts";
import { download, keep, remove, upload } from "./files.ts";
import { look } from "./look.ts";
import { poll, pollHeld, pollTogether } from "./polls.ts";
import { Random } from "./random.ts";
import { patch, patchTwice } from "./patches.ts";
import { report, reportForeign, reportTwice } from "./reports.ts";
import { alter, leave, newcomer, register, resetToken, strangerLeaves } from "./runners.ts";
import { viewBuild, viewProject, viewQueue } from "./views.ts";
import { must, World } from "./world.ts";

const DAY_MS = 86_400_000;
const RETENTION_MS = 90 * DAY_MS;
/** Far from now, so that no alarm fires by itself: the runtime's clock is not the model's. */
const START_MS = Date.UTC(2100, 0, 1);

const REQUESTS: readonly [Weighted, ...Weighted[]] = [
  { weight: 14, act: create },
  { weight: 16, act: poll },
  { weight: 4, act: pollTogether },
  { weight: 3, act: pollHeld },
  { weight: 20, act: patch },
  { weight: 3, act: patchTwice },
  { weight: 14, act: report },
  { weight: 2, act: reportTwice },
  { weight: 2, act: reportForeign },
  { weight: 8, act: upload },
  { weight: 3, act: download },
  { weight: 2, act: keep },
  { weight: 2, act: remove },
  { weight: 4, act: cancel },
  { weight: 2, act: cancelMeanwhile },
  { weight: 5, act: retry },
  { weight: 2, act: erase },
  { weight: 4, act: newcomer },
  { weight: 2, act: leave },
  { weight: 2, act: resetToken },
  { weight: 2, act: alter },
  { weight: 1, act: strangerLeaves },
];

const ACTIONS: readonly [Weighted, ...Weighted[]] = [
  ...REQUESTS,
  { weight: 4, act: read },
  { weight: 2, act: list },
  { weight: 9, act: pass },
  { weight: 2, act: beAway },
  { weight: 3, act: crashIdle },
  { weight: 10, act: crashDuring(REQUESTS) },
  { weight: 3, act: evict },
];

const SHOWN_STEPS = 30;
const SHOWN_LINES = 6;
const ENDING_MS = 500;
/** The other looks are at what a step has touched. */
const FULL_LOOK_EVERY = 10;

/** Throws what didn't hold, with the seed and the last steps. Answers with all steps in words. */
export const runModel = async (seed: number, steps: number): Promise<readonly string[]> => {
  const done: string[] = [];
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  // Kept here: they are thousands of lines, each of which would go to another process.
  const logged: string[] = [];
  for (const level of ["log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((...words: readonly unknown[]) => void logged.push(words.join(" ")));
  }
  try {
    const world = await begin();
    for (let step = 0; step < steps; step++) {
      await takeStep(world, new Random(seed, step), step % FULL_LOOK_EVERY === 0, done);
    }
    await end(world, done);
  } catch (error) {
    // What the failed step has begun besides must not reach into the next run.
    await scheduler.wait(ENDING_MS);
    const command = `MODEL_SEED=${seed} MODEL_STEPS=${steps} npx vitest run --project workers test/scenarios/model`;
    const last = done.map((what, step) => `${step}: ${what}`).slice(-SHOWN_STEPS);
    const log = logged.slice(-SHOWN_LINES);
    const told = [
      String(error),
      "after these steps:",
      ...last,
      "The log ends with:",
      ...log,
      "To see it again:",
      command,
    ];
    throw new Error(told.join("\n"), { cause: error });
  } finally {
    vi.restoreAllMocks();
    vi.useRealTimers();
  }
  return done;
};

const begin = async (): Promise<World> => {
  await reset();
  const world = new World();
  for (let index = 0; index < 2; index++) {
    const project = await newProject();
    world.projects.push({ id: project.id, runnersToken: await runnersToken(project) });
  }
  const [own = null] = world.projects;
  await register(world, { tongue: "legacy", project: null, tags: [], runUntagged: true });
  await register(world, { tongue: "modern", project: null, tags: ["a"], runUntagged: false });
  await register(world, { tongue: "two-phase", project: own, tags: ["a", "b"], runUntagged: true });
  return world;
};

const takeStep = async (world: World, random: Random, isFull: boolean, done: string[]): Promise<void> => {
  for (;;) {
    // After a crash there are some steps before all is settled again.
    const act = world.isDisturbed && random.chance(40) ? settle : random.weighted(ACTIONS).act;
    done.push(`${act.name}, in which it fails`);
    const what = await act(world, random);
    done.pop();
    if (what === null) continue;
    done.push(what);
    return look(world, isFull || world.isDisturbed || act === settle);
  }
};

/** Nothing waits for ever, nothing is left in the end. */
const end = async (world: World, done: string[]): Promise<void> => {
  done.push(`${await settle(world)}, for the end`);
  await look(world, true);
  must(world.unborn.size === 0, `promised and never made: ${[...world.unborn].join()}`);
  await advance(world, 2 * DAY_MS);
  await look(world, true);
  for (const { id, label, view } of world.builds) {
    must(view.summary.finishedAtMs !== null, `${label} is ${view.summary.status} for ever`);
    must((await viewBuild(id))?.owed === 0, `${label} owes messages for ever`);
  }
  for (const { id, isGone } of world.runners) if (!isGone) await world.admin("DELETE", `/runners/${id}`);
  // One project is removed, the builds of the others come to the end of their time.
  const [removed, ...kept] = world.projects;
  const removal = await world.admin("DELETE", `/projects/${removed?.id}`);
  must(removal.status === 202, `the removal of a project is answered with ${removal.status}`);
  await advance(world, RETENTION_MS);
  for (const { id, label } of world.builds) must((await viewBuild(id)) === null, `${label} is still there`);
  for (const { id } of kept) must((await viewProject(id)).builds.size === 0, "the index is not empty");
  must((await viewQueue()).builds.size === 0, "the queue is not empty");
  const { objects } = await env.ARTIFACTS.list();
  must(objects.length === 0, `the bucket still has ${objects.map(({ key }) => key).join()}`);
};
