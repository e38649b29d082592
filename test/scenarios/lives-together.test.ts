/** Legacy and today's runners on one project and one queue. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  DIALECTS,
  instanceRunnerFor,
  LEGACY,
  MODERN_14,
  MODERN_19,
  runnerFor,
  workFor,
} from "../tools/runners/dialects.ts";
import type { FakeRunner, Work } from "../tools/runners/fake-runner.ts";
import { enqueue, newProject, summaryOf, traceText } from "../tools/clients/legacy-api.ts";
import { holdTime } from "../tools/objects/objects.ts";
import { heldPoll } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const BUILDS = 20;

test("nine runners of three kinds have twenty builds, each of them once, and finish them all", async () => {
  const project = await newProject();
  const runners = await Promise.all(
    [...DIALECTS, ...DIALECTS, ...DIALECTS].map((dialect) => runnerFor(dialect, project)),
  );
  const ids: number[] = [];
  for (let build = 0; build < BUILDS; build++) ids.push(await enqueue(project, { name: `build ${build}` }));
  const claimed: number[] = [];
  const work = async (runner: FakeRunner): Promise<void> => {
    for (let asked = await runner.poll(); asked.kind === "work"; asked = await runner.poll()) {
      const { work } = asked;
      claimed.push(work.id);
      expect(await runner.begin(work)).toBe("ok");
      expect(await runner.append(work, `${work.name} `)).toBe("ok");
      expect(await runner.finish(work, "success", `by ${runner.id}\n`)).toBe("ok");
    }
  };
  await Promise.all(runners.map(work));
  expect(claimed.toSorted((a, b) => a - b)).toEqual(ids);
  for (const [build, id] of ids.entries()) {
    const { status, attempt, runner } = await summaryOf(id);
    expect({ status, attempt }).toEqual({ status: "success", attempt: 1 });
    expect(await traceText(id)).toBe(`build ${build} by ${runner?.id}\n`);
  }
});

test("a build goes to the runner that has waited longest, whatever it speaks, and wakes no other", async () => {
  const project = await newProject();
  const waiting: { readonly answer: ReturnType<FakeRunner["poll"]>; readonly state: { isAnswered: boolean } }[] = [];
  const runners: FakeRunner[] = [];
  for (const dialect of [MODERN_19, LEGACY, MODERN_14]) {
    const runner = await runnerFor(dialect, project);
    runners.push(runner);
    waiting.push(await heldPoll(runner));
  }
  for (const [turn, { answer }] of waiting.entries()) {
    const id = await enqueue(project);
    expect(await answer).toMatchObject({ kind: "work", work: { id } });
    expect(waiting.map(({ state }) => state.isAnswered)).toEqual(waiting.map((_, place) => place <= turn));
  }
});

test.each(DIALECTS)(
  "exchange 9: ten builds of one project don't starve another's one that $name could take",
  async (dialect) => {
    const [many, one] = [await newProject(), await newProject()];
    const tags = [`fair-${dialect.name.replaceAll(/\W/g, "-")}`];
    const first = await enqueue(many, { tags });
    for (let build = 0; build < 9; build++) await enqueue(many, { tags });
    const lonely = await enqueue(one, { tags });
    const runner = await instanceRunnerFor(dialect, tags[0] ?? "");
    const claimed: Work[] = [await workFor(runner), await workFor(runner)];
    expect(claimed.map(({ id }) => id)).toEqual([first, lonely]);
  },
);
