/**
 * What users of other coordinators suffer from while they wait for work: rows 5 to 8. The rest: pains-builds.test.ts. That the runner
 * which has waited longest goes first (8) is tried in test/objects/queue-polls.test.ts.
 *
 * Left to the issue of the modern dialect: `request_concurrency` and several machines on one token over the wire (5). Fair
 * shares with weights and limits (8) belong to no issue yet. There is no limit of requests per runner or address (6), so no 429.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queueStub } from "../../src/stubs.ts";
import {
  claim,
  enqueue,
  legacy,
  newInstanceRunner,
  newProject,
  newRunner,
  patch,
  RUNNER_1_11_5,
} from "../support/legacy-api.ts";
import type { PollAnswer } from "../support/legacy-client.ts";
import { advance, holdTime, rowsOf } from "../support/objects.ts";
import { heldPoll, jobOf } from "../support/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

test("pain 5: a waiting runner has a build as soon as it is enqueued, and the job says how long it waited", async () => {
  const project = await newProject();
  const runner = await newRunner(project);
  const { answer } = await heldPoll(runner);
  const first = await enqueue(project);
  expect(await answer).toMatchObject({ kind: "build", build: { id: first } });
  expect(await jobOf(project, first)).toMatchObject({ status: "running", queued_duration: 0 });

  const second = await enqueue(project);
  advance(7000);
  expect((await claim(runner)).id).toBe(second);
  expect(await jobOf(project, second)).toMatchObject({ status: "running", queued_duration: 7 });
});

test("pain 5: a held poll holds up nothing else that its runner says, nor other runners", async () => {
  const project = await newProject();
  const [runner, other] = [await newRunner(project, { tags: ["mine"], runUntagged: false }), await newRunner(project)];
  await enqueue(project, { tags: ["mine"] });
  const build = await claim(runner);
  const { answer, state } = await heldPoll(runner);
  expect((await patch(build, 0, "working.\n")).status).toBe(202);
  const id = await enqueue(project);
  expect((await claim(other)).id).toBe(id);
  expect(await runner.update(build.id, "success")).toBe(200);
  expect(state.isAnswered).toBe(false);
  await runner.unregister();
  expect(await answer).toEqual({ kind: "refused", status: 403 });
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
  const runners = await Promise.all(Array.from({ length: 6 }, () => newRunner(project)));
  const answers = [];
  const waiting = new Set(runners);
  const got: PollAnswer[] = [];
  for (const runner of runners) {
    const { answer } = await heldPoll(runner);
    answers.push(answer.then((each) => void (waiting.delete(runner) && got.push(each))));
  }
  const ids = await Promise.all([enqueue(project), enqueue(project)]);
  await vi.waitUntil(() => got.length >= 2);
  // Whoever else was woken has been answered by now, too.
  await queueStub(env).runners();
  expect(new Set(got.map((each) => (each.kind === "build" ? each.build.id : each)))).toEqual(new Set(ids));
  expect(waiting.size).toBe(4);
  await Promise.all([...waiting].map((runner) => runner.unregister()));
  await Promise.all(answers);
  expect(got.slice(2)).toEqual(Array.from({ length: 4 }, () => ({ kind: "refused", status: 403 })));
});

test("pain 8: ten builds of one project don't starve another's one: who runs fewest goes first", async () => {
  const [many, one] = [await newProject(), await newProject()];
  const tags = ["fair"];
  const first = await enqueue(many, { tags });
  for (let i = 0; i < 9; i++) await enqueue(many, { tags });
  const lonely = await enqueue(one, { tags });
  const runner = await newInstanceRunner("fair");
  expect((await claim(runner)).id).toBe(first);
  expect((await claim(runner)).id).toBe(lonely);
});
