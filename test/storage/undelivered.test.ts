import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub, metricsStub, queueStub } from "../../src/stubs.ts";
import {
  advance,
  alarmOf,
  fireAlarm,
  holdTime,
  pendingBuild,
  rowsOf,
  runningBuild,
  statusOf,
} from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const waiting = async () => (await metricsStub(env).watched()).undelivered.get("build") ?? 0;

/** A build that is canceled and can't tell its queue, until `mend` is called. */
const cutOff = async () => {
  const build = await pendingBuild();
  const name = `cut_off_${build.id}`;
  await rowsOf(
    queueStub(env),
    `CREATE TRIGGER ${name} BEFORE DELETE ON build WHEN OLD.build_id = ${build.id} BEGIN SELECT RAISE(ABORT, 'down'); END`,
  );
  await build.stub.cancel(ADMINISTRATOR, false);
  return { ...build, mend: () => rowsOf(queueStub(env), `DROP TRIGGER ${name}`) };
};

/** Far enough for the next try of any message. */
const retry = async (stub: Parameters<typeof fireAlarm>[0]) => {
  advance(300_000);
  await fireAlarm(stub);
};

it("messages that a retry leaves undelivered are told of, until one delivers them", async () => {
  const { stub, mend } = await cutOff();
  expect(await waiting()).toBe(0);
  await retry(stub);
  expect(await waiting()).toBe(1);
  await mend();
  await retry(stub);
  expect(await waiting()).toBe(0);
});

it("those of an object that is not heard of any more count no longer", async () => {
  const { stub } = await cutOff();
  await retry(stub);
  advance(600_000);
  expect(await waiting()).toBe(1);
  advance(1);
  expect(await waiting()).toBe(0);
});

it("a metrics object that is away holds up nothing", async () => {
  const { id, stub, mend } = await cutOff();
  await metricsStub(env).watched();
  await rowsOf(metricsStub(env), "ALTER TABLE backlog RENAME TO elsewhere");
  await retry(stub);
  await mend();
  await retry(stub);
  expect(await rowsOf(queueStub(env), `SELECT * FROM build WHERE build_id = ${id}`)).toEqual([]);
  expect(await statusOf(stub)).toBe("canceled");
  await rowsOf(metricsStub(env), "ALTER TABLE elsewhere RENAME TO backlog");
});

it("what is delivered at once wakes nobody", async () => {
  const tell = vi.spyOn(env.METRICS, "getByName");
  const { stub } = await pendingBuild();
  await stub.cancel(ADMINISTRATOR, false);
  await fireAlarm(stub);
  expect(tell).not.toHaveBeenCalled();
});

it("what a running build's retry delivers is not tried again, and is no backlog", async () => {
  const { id, stub } = await runningBuild();
  const owed = { project: { revision: 2, tries: 1, dueAtMs: Date.now() } };
  await rowsOf(stub, `UPDATE build SET owed = '${JSON.stringify(owed)}'`);
  await evictDurableObject(stub);
  const told = await waiting();
  await fireAlarm(buildStub(env, id));
  expect(await alarmOf(buildStub(env, id))).toBeGreaterThan(Date.now());
  expect(await waiting()).toBe(told);
});
