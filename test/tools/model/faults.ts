/** What nobody asked for: crashes, evictions, outages, and time. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { buildStub, directoryStub, projectStub, queueStub } from "../../../src/stubs.ts";
import { alarmOf, crash } from "../objects/objects.ts";
import { advance, outage } from "./clock.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

interface Victim {
  readonly name: string;
  readonly stub: () => DurableObjectStub;
}

const victims = (world: World): Victim[] => [
  ...Array.from({ length: 4 }, () => ({ name: "the queue", stub: () => queueStub(env) })),
  { name: "the directory", stub: () => directoryStub(env) },
  ...world.projects.map(({ id }, index) => ({ name: `project ${index}`, stub: () => projectStub(env, id) })),
  ...world.unfinished().map(({ id, label }) => ({ name: label, stub: () => buildStub(env, id) })),
];

const kill = async (world: World, random: Random): Promise<string> => {
  const victim = random.pick(victims(world));
  if (victim === null || random.chance(15)) {
    await abortAllDurableObjects();
    return "all objects";
  }
  await crash(victim.stub());
  return victim.name;
};

/** After it all builds are looked at: what was acknowledged is there. */
const touchAll = (world: World): void => {
  for (const build of world.builds) world.touched.add(build);
};

/** Between two requests: nothing is under way, and nothing is lost. */
export const crashIdle = async (world: World, random: Random): Promise<string> => {
  const killed = await kill(world, random);
  touchAll(world);
  return `a crash of ${killed}`;
};

/** One step, told in words; null when there is nothing that it could be done with. */
export type Action = (world: World, random: Random) => Promise<string | null>;

export interface Weighted {
  readonly weight: number;
  readonly act: Action;
}

/** More than most requests need of one object. */
const MAX_STATEMENTS = 10;

/** Has the object die at a statement to come: in the midst of its work, and at the same point with the same seed. */
const dieAtStatement = (victim: Victim, number: number): Promise<void> =>
  runInDurableObject(victim.stub(), (_instance, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    let left = number;
    sql.exec = ((...args: Parameters<typeof exec>) => {
      if (left-- === 0) state.abort("a crash");
      return exec(...args);
    }) as typeof sql.exec;
  });

/** In the middle of something: what has no answer may have been done or not. */
export const crashDuring = (actions: readonly [Weighted, ...Weighted[]]): Action =>
  async function crashMeanwhile(world, random) {
    const all = victims(world);
    const dying = new Set(Array.from({ length: 1 + random.int(3) }, () => random.pick(all)));
    for (const victim of dying) if (victim !== null) await dieAtStatement(victim, random.int(MAX_STATEMENTS));
    world.isTurmoil = true;
    world.isDisturbed = true;
    const done = await random.weighted(actions).act(world, random);
    // Those that have not come so far die now.
    for (const victim of dying) if (victim !== null) await crash(victim.stub());
    world.isTurmoil = false;
    touchAll(world);
    const names = [...dying].map((victim) => victim?.name);
    return `a crash of ${names.join(" and ")} while ${done ?? "nothing"}`;
  };

export const evict = async (world: World, random: Random): Promise<string | null> => {
  const victim = random.pick(victims(world));
  if (victim === null) return null;
  // Only what runs can be evicted: after a crash of all objects some don't.
  await alarmOf(victim.stub());
  await evictDurableObject(victim.stub());
  touchAll(world);
  return `${victim.name} is evicted`;
};

/** From seconds to past each of the limits, with all alarms on time. */
export const pass = async (world: World, random: Random): Promise<string> => {
  const ms = random.chance(2)
    ? 86_400 * SECOND + random.int(MINUTE)
    : random.one(
        random.int(30),
        random.int(30),
        random.int(30),
        random.int(130),
        random.int(130),
        121,
        random.int(620),
        601,
        3600,
      ) * SECOND;
  await advance(world, ms);
  return `${ms / SECOND} s pass`;
};

export const beAway = async (world: World, random: Random): Promise<string> => {
  const ms = random.one(5, 40, 300, 700, 4000, 90_000) * SECOND + random.int(MINUTE);
  await outage(world, ms);
  return `an outage of ${ms / SECOND} s`;
};

/** Longer than anything that a crash has left behind waits for its alarm: from here on all copies agree again. */
export const settle = async (world: World): Promise<string> => {
  await advance(world, 6 * MINUTE);
  world.isDisturbed = false;
  touchAll(world);
  return "six minutes pass, and all is settled";
};
