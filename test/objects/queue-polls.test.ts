import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PollRequest } from "../../src/queue/polls.ts";
import { queueStub } from "../../src/stubs.ts";
import {
  advance,
  buildOf,
  holdTime,
  pendingBuild,
  poll,
  pollOf,
  refusalOf,
  registered,
  rowsOf,
  uniqueId,
  valueOf,
} from "../tools/objects/objects.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const queue = () => queueStub(env);
type TestRunner = Awaited<ReturnType<typeof registered>>;

/** A poll that is held: it carries the cursor of an answer that came before. Resolves when the queue holds it. */
const held = async (runner: TestRunner, change: Partial<PollRequest> = {}) => {
  const before = await poll(runner, change);
  if (before.kind !== "nothing") throw new Error("there was work");
  const answer = queue().poll(pollOf(runner, { ...change, cursor: before.cursor }));
  let isAnswered = false;
  void answer.then(() => (isAnswered = true));
  // Calls to one object arrive in order: when a later one is answered, the poll stands in the line.
  await queue().metrics();
  return { answer, isAnswered: () => isAnswered, cursor: before.cursor };
};

describe("a poll that finds nothing", () => {
  it("is answered at once without a cursor, or with one that is not current", async () => {
    const runner = await registered(uniqueId());
    const answers = [
      await poll(runner),
      await poll(runner, { cursor: "0" }),
      await poll(runner, { cursor: "an-earlier-life" }),
    ];
    expect(new Set(answers.map((each) => (each.kind === "nothing" ? each.cursor : "work"))).size).toBe(1);
  });

  it("is held with a current cursor, and answered when work comes", async () => {
    const projectId = uniqueId();
    const { answer, isAnswered } = await held(await registered(projectId));
    expect(isAnswered()).toBe(false);
    const { id } = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await answer))).toBe(id);
  });

  it.each([
    { systemId: "s_1", limit: 8, who: "a machine" },
    { systemId: null, limit: 32, who: "machines that don't say which they are" },
  ])("is answered with nothing when $who holds more than $limit of them", async ({ systemId, limit }) => {
    const runner = await registered(uniqueId());
    const before = (await queue().metrics()).heldPolls;
    const polls = [];
    for (let each = 0; each <= limit; each++) polls.push(await held(runner, { systemId }));
    const [oldest, ...others] = polls;
    expect(valueOf(await oldest!.answer)).toEqual({ kind: "nothing", cursor: oldest!.cursor });
    expect(others.some(({ isAnswered }) => isAnswered())).toBe(false);
    expect((await queue().metrics()).heldPolls).toBe(before + limit);
    await queue().removeRunner(runner.id, null);
  });

  it("is not woken by work that is not for it, nor is its cursor outdated by that", async () => {
    const runner = await registered(uniqueId());
    const { answer, isAnswered, cursor } = await held(runner);
    await pendingBuild({}, uniqueId());
    await pendingBuild({ tags: ["foreign"] }, runner.projects?.[0] ?? 0);
    expect(isAnswered()).toBe(false);
    expect(await poll(runner)).toEqual({ kind: "nothing", cursor });
    await queue().removeRunner(runner.id, null);
    await answer;
  });

  it("writes no row, whatever its machines say of themselves in turn, once they are known", async () => {
    const runner = await registered(uniqueId());
    for (const systemId of ["one", "two"]) await poll(runner, { systemId });
    const changes = () => rowsOf(queue(), "SELECT total_changes() AS n");
    const before = await changes();
    for (const name of ["one", "two", "one", "two"]) await poll(runner, { systemId: name, info: { name } });
    expect(await changes()).toEqual(before);
    expect(valueOf(await queue().runner(runner.id)).info).toEqual({ name: "two" });
  });
});

describe("among those that wait", () => {
  it("the runner that has waited longest goes first, and to the end of the line when it was served", async () => {
    const projectId = uniqueId();
    const [first, second] = [await registered(projectId), await registered(projectId)];
    const one = await held(first);
    advance(1000);
    const two = await held(second);
    const build = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await one.answer))).toBe(build.id);
    expect(two.isAnswered()).toBe(false);
    advance(1000);
    const oneAgain = await held(first);
    const next = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await two.answer))).toBe(next.id);
    expect(oneAgain.isAnswered()).toBe(false);
    await queue().removeRunner(first.id, null);
  });

  it("its place outlives a poll that ended without work", async () => {
    const projectId = uniqueId();
    const [first, second] = [await registered(projectId), await registered(projectId)];
    await poll(first);
    advance(1000);
    const two = await held(second);
    advance(1000);
    const one = await held(first);
    const { id } = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await one.answer))).toBe(id);
    await queue().removeRunner(second.id, null);
    await two.answer;
  });

  it("of one machine the newest poll goes first, of two machines with one token the one that waited longer", async () => {
    const projectId = uniqueId();
    const runner = await registered(projectId);
    const ghost = await held(runner, { systemId: "a" });
    advance(1000);
    const other = await held(runner, { systemId: "b" });
    const newest = await held(runner, { systemId: "a" });
    advance(1000);
    const { id } = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await newest.answer))).toBe(id);
    const next = await pendingBuild({}, projectId);
    expect(buildOf(valueOf(await other.answer))).toBe(next.id);
    expect(ghost.isAnswered()).toBe(false);
    await queue().removeRunner(runner.id, null);
  });

  it("each of ten builds that become free at once wakes one", async () => {
    const projectId = uniqueId();
    const tags = [`tag-${projectId}`];
    await queue().allowInstanceRunners(projectId, false);
    const builds = await Promise.all(Array.from({ length: 10 }, () => pendingBuild({ tags }, projectId)));
    const polls = [];
    for (let at = 0; at < 10; at++) polls.push(await held(await registered(null, { tags, runUntagged: false })));
    await queue().allowInstanceRunners(projectId, true);
    const got = (await Promise.all(polls.map((each) => each.answer))).map((each) => buildOf(valueOf(each)));
    expect(new Set(got)).toEqual(new Set(builds.map(({ id }) => id)));
  });
});

describe("a held poll ends", () => {
  it("as forbidden when its runner is deleted", async () => {
    const runner = await registered(uniqueId());
    const { answer } = await held(runner);
    expect(refusalOf(await queue().removeRunner(runner.id, 1))).toBeNull();
    expect(refusalOf(await answer)).toEqual({ reason: "forbidden" });
  });

  it("as paused when its runner is paused", async () => {
    const runner = await registered(uniqueId());
    const { answer } = await held(runner);
    await queue().updateRunner(runner.id, { paused: true });
    expect(refusalOf(await answer)).toMatchObject({ reason: "paused" });
  });

  it("with work when its runner is edited so that it may take some", async () => {
    const { id, projectId } = await pendingBuild({ tags: ["a"] });
    const runner = await registered(projectId);
    const { answer } = await held(runner);
    await queue().updateRunner(runner.id, { tags: ["a"] });
    expect(buildOf(valueOf(await answer))).toBe(id);
  });
});
