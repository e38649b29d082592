import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import { DEFAULT_RUNNER_SETTINGS } from "../../src/core/runner.ts";
import type { Runner } from "../../src/core/runner.ts";
import { enqueue, newProject } from "../support/legacy-api.ts";
import { pollOf, valueOf } from "../support/objects.ts";

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
  await buildStub(env, gone).cancel("a test", false);

  const runners = [both, onlyBlue, onlyRed];
  const served: number[] = [];
  const idle = await Promise.all(runners.map(async (runner) => valueOf(await poll(runner, null))));
  const held = runners.map(async (runner, index) => {
    const answer = await poll(runner, idle[index]?.kind === "nothing" ? idle[index].cursor : null);
    if (answer.ok && answer.value.kind === "work") served.push(answer.value.build.summary.id);
  });
  // Calls of one object are served in order: when this one is answered, the polls are held.
  await queue().runners();
  await projectStub(env, project.id).update({ sharedRunnersEnabled: true });

  await vi.waitUntil(() => served.length === 2, { timeout: 5000 });
  expect(new Set(served)).toEqual(new Set([blueBuild, redBuild]));
  for (const runner of runners) await queue().removeRunner(runner.id, null);
  await Promise.all(held);
});
