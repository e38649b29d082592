import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../src/core/runner/runner.ts";
import type { Runner } from "../../src/core/runner/runner.ts";
import { enqueue, newProject } from "../tools/clients/legacy-api.ts";
import { buildOf, pendingBuild, pollOf, refusalOf, registered, uniqueId, valueOf } from "../tools/objects/objects.ts";

const queue = () => queueStub(env);

const register = async (tags: string[]): Promise<Runner> => {
  const settings = { ...DEFAULT_RUNNER_SETTINGS, tags, runUntagged: false };
  return valueOf(await queue().registerRunner(settings, null, {}));
};

const poll = async ({ id, epoch }: Runner, cursor: string | null) => queue().poll(pollOf({ id, epoch }, { cursor }));

it("a runner that is woken for one build and takes an older one leaves the first to the next in line", async () => {
  const [red, blue] = [`red-${crypto.randomUUID()}`, `blue-${crypto.randomUUID()}`];
  const project = await newProject({ sharedRunnersEnabled: false });
  const both = await register([red, blue]);
  const onlyBlue = await register([blue]);
  const onlyRed = await register([red]);
  // Red's group is known before blue's, but its first build is younger by the time that they are given out.
  const gone = await enqueue(project, { tags: [red] });
  const blueBuild = await enqueue(project, { tags: [blue] });
  const redBuild = await enqueue(project, { tags: [red] });
  await buildStub(env, gone).cancel(ADMINISTRATOR, false);

  const runners = [both, onlyBlue, onlyRed];
  const served: number[] = [];
  const idle = await Promise.all(runners.map(async (runner) => valueOf(await poll(runner, null))));
  const held = runners.map(async (runner, index) => {
    const answer = await poll(runner, idle[index]?.kind === "nothing" ? idle[index].cursor : null);
    if (answer.ok && answer.value.kind === "work") served.push(answer.value.build.summary.id);
  });
  // Calls of one object are served in order: when this one is answered, the polls are held.
  await queue().metrics();
  await projectStub(env, project.id).update({ sharedRunnersEnabled: true });

  await vi.waitUntil(() => served.length === 2, { timeout: 5000 });
  expect(new Set(served)).toEqual(new Set([blueBuild, redBuild]));
  for (const runner of runners) await queue().removeRunner(runner.id, null);
  await Promise.all(held);
});

it("a runner that is paused in the moment in which it is woken leaves the build to the next in line", async () => {
  const projectId = uniqueId();
  const build = await pendingBuild({}, projectId);
  const notice = await build.stub.notice(build.id);
  await queue().forgetBuild(build.id, null);
  const [first, second] = [await registered(projectId), await registered(projectId)];
  const held = [];
  for (const runner of [first, second]) {
    const idle = valueOf(await queue().poll(pollOf(runner)));
    held.push(queue().poll(pollOf(runner, { cursor: idle.kind === "nothing" ? idle.cursor : "" })));
    await queue().metrics();
  }
  await runInDurableObject(queue(), (instance) => {
    void instance.notify(notice);
    instance.updateRunner(first.id, { paused: true });
  });
  const [paused, served] = await Promise.all(held);
  expect(refusalOf(paused!)).toMatchObject({ reason: "paused" });
  expect(buildOf(valueOf(served!))).toBe(build.id);
});

it("builds that come at once go to as many of those that wait, the longest waiting, and the others wait on", async () => {
  const projectId = uniqueId();
  const served = new Map<number, number | null>();
  const runners = [];
  for (let at = 0; at < 6; at++) {
    const runner = await registered(projectId);
    runners.push(runner);
    const idle = valueOf(await queue().poll(pollOf(runner)));
    const cursor = idle.kind === "nothing" ? idle.cursor : "";
    void queue()
      .poll(pollOf(runner, { cursor }))
      .then((answer) => served.set(runner.id, answer.ok ? buildOf(answer.value) : null));
    // The next one begins to wait in a later millisecond.
    await scheduler.wait(2);
    await queue().metrics();
  }
  const builds = await Promise.all(Array.from({ length: 3 }, () => pendingBuild({}, projectId)));
  await vi.waitUntil(() => served.size === 3);
  expect(new Set(served.values())).toEqual(new Set(builds.map(({ id }) => id)));
  expect(new Set(served.keys())).toEqual(new Set(runners.slice(0, 3).map(({ id }) => id)));
  await queue().metrics();
  expect(served.size).toBe(3);
  for (const runner of runners) await queue().removeRunner(runner.id, null);
  await vi.waitUntil(() => served.size === 6);
});
