/** Time, which only the model moves, and the alarms that become due on the way. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { buildStub, projectStub, queueStub } from "../../../src/stubs.ts";
import { alarmOf } from "../objects/objects.ts";
import { Breach, isOver } from "./world.ts";
import type { ModelBuild, World } from "./world.ts";

interface Alarm {
  readonly atMs: number;
  readonly stub: DurableObjectStub;
  readonly build: ModelBuild | null;
}

/** More than a busy day has: an alarm that is due again at once would never let time pass. */
const MAX_ALARMS = 5000;

/** Nothing happens to it before its alarm, which the last look has seen. */
const isAsleep = (world: World, build: ModelBuild): boolean =>
  isOver(build) && build.view.owed === 0 && !world.touched.has(build);

const alarms = (world: World): Promise<Alarm[]> => {
  const others = [queueStub(env), ...world.projects.map(({ id }) => projectStub(env, id))];
  return Promise.all([
    ...others.map((stub) => alarmNow({ stub, build: null })),
    ...world.builds.map(async (build) => {
      const stub = buildStub(env, build.id);
      return isAsleep(world, build)
        ? { stub, build, atMs: build.view.alarmAtMs ?? Infinity }
        : alarmNow({ stub, build });
    }),
  ]);
};

const alarmNow = async ({ stub, build }: Pick<Alarm, "stub" | "build">): Promise<Alarm> => ({
  stub,
  build,
  atMs: (await alarmOf(stub)) ?? Infinity,
});

/** As the runtime does it: the alarm is taken away before its handler is called, which is told when it was due. */
const fire = ({ stub }: Alarm): Promise<void> =>
  runInDurableObject(stub, async (instance, { storage }) => {
    const scheduledTime = await storage.getAlarm();
    if (scheduledTime === null || scheduledTime > Date.now()) return;
    await storage.deleteAlarm();
    await instance.alarm?.({ isRetry: false, retryCount: 0, scheduledTime });
  });

/** Lets time pass with each alarm on time. */
export const advance = async (world: World, ms: number): Promise<void> => {
  const untilMs = Date.now() + ms;
  let known = await alarms(world);
  for (let fired = 0; fired < MAX_ALARMS; fired++) {
    const next = known.reduce((first, each) => (each.atMs < first.atMs ? each : first));
    if (next.atMs > untilMs) return void vi.setSystemTime(untilMs);
    vi.setSystemTime(Math.max(Date.now(), next.atMs));
    if (next.build !== null) world.touched.add(next.build);
    await fire(next);
    // But for what a crash has left behind, an alarm changes no alarm of others.
    const then = await alarmNow(next);
    known = world.isDisturbed ? await alarms(world) : known.map((each) => (each === next ? then : each));
  }
  throw new Breach("alarms fire without end");
};

/** The whole system is away for so long: what was due meanwhile is late. */
export const outage = async (world: World, ms: number): Promise<void> => {
  vi.setSystemTime(Date.now() + ms);
  world.backAtMs = Date.now();
  await advance(world, 0);
};
