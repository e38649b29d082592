/**
 * What users of other coordinators suffer from while they wait for work: rows 5 to 7. The rest: pains-builds.test.ts. That who has
 * waited longest, and whose project runs fewest, goes first (8) is tried in lives-together.test.ts.
 *
 * Fair shares with weights and limits (8) belong to no issue yet. There is no limit of requests per runner or address (6), so
 * no 429.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { queueStub } from "../../src/stubs.ts";
import { DIALECTS, runnerFor, workFor } from "../tools/runners/dialects.ts";
import type { Asked } from "../tools/runners/fake-runner.ts";
import { enqueue, legacy, newProject, newRunner, RUNNER_1_11_5 } from "../tools/clients/legacy-api.ts";
import { advance, holdTime, rowsOf } from "../tools/objects/objects.ts";
import { heldPoll, jobOf } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

describe.each(DIALECTS)("pain 5: a held poll of $name", (dialect) => {
  test("has a build as soon as it is enqueued, and the job says how long it waited", async () => {
    const project = await newProject();
    const runner = await runnerFor(dialect, project);
    const { answer } = await heldPoll(runner);
    const first = await enqueue(project);
    const asked = await answer;
    if (asked.kind !== "work") throw new Error(asked.kind);
    expect(asked.work.id).toBe(first);
    await runner.begin(asked.work);
    expect(await jobOf(project, first)).toMatchObject({ status: "running", queued_duration: 0 });

    const second = await enqueue(project);
    advance(7000);
    const work = await workFor(runner);
    await runner.begin(work);
    expect(await jobOf(project, second)).toMatchObject({ status: "running", queued_duration: 7 });
  });

  test("holds up nothing else that its runner says, nor other runners, and ends with its runner", async () => {
    const project = await newProject();
    const runner = await runnerFor(dialect, project, { tags: ["mine"], runUntagged: false });
    const other = await runnerFor(dialect, project);
    await enqueue(project, { tags: ["mine"] });
    const work = await workFor(runner);
    await runner.begin(work);
    const { answer, state } = await heldPoll(runner);
    expect(await runner.append(work, "working.\n")).toBe("ok");
    const id = await enqueue(project);
    expect((await workFor(other)).id).toBe(id);
    expect(await runner.finish(work, "success")).toBe("ok");
    expect(state.isAnswered).toBe(false);
    await runner.unregister();
    expect(await answer).toEqual({ kind: "refused" });
  });
});

test("pain 6: many idle runners of one address cost no row and are never told to slow down", async () => {
  const project = await newProject();
  const runners = await Promise.all(Array.from({ length: 20 }, () => newRunner(project)));
  const poll = async ({ token }: { token: string }) =>
    (
      await legacy("POST", "/builds/register", {
        json: { token },
        headers: { "User-Agent": RUNNER_1_11_5, "CF-Connecting-IP": "192.0.2.1" },
      })
    ).status;
  // The first contact is written down.
  await Promise.all(runners.map(poll));
  const changes = () => rowsOf(queueStub(env), "SELECT total_changes() AS n");
  const before = await changes();
  for (let round = 0; round < 5; round++) {
    advance(3000);
    expect(new Set(await Promise.all(runners.map(poll)))).toEqual(new Set([204]));
  }
  expect(await changes()).toEqual(before);
});

test("pain 7: of many that chase two builds two get one and the others wait on: no conflict, no answer in vain", async () => {
  const project = await newProject();
  const runners = await Promise.all([...DIALECTS, ...DIALECTS].map((dialect) => runnerFor(dialect, project)));
  const answers = [];
  const waiting = new Set(runners);
  const got: Asked[] = [];
  for (const runner of runners) {
    const { answer } = await heldPoll(runner);
    answers.push(answer.then((each) => void (waiting.delete(runner) && got.push(each))));
  }
  const ids = await Promise.all([enqueue(project), enqueue(project)]);
  await vi.waitUntil(() => got.length >= 2);
  // Whoever else was woken has been answered by now, too.
  await queueStub(env).metrics();
  expect(new Set(got.map((each) => (each.kind === "work" ? each.work.id : each)))).toEqual(new Set(ids));
  expect(waiting.size).toBe(4);
  await Promise.all([...waiting].map((runner) => runner.unregister()));
  await Promise.all(answers);
  expect(got.slice(2)).toEqual(Array.from({ length: 4 }, () => ({ kind: "refused" })));
});
