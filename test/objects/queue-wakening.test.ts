import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import type { Runner } from "../../src/core/runner.ts";
import { enqueue, newProject } from "../support/legacy-api.ts";
import { valueOf } from "../support/objects.ts";

const queue = () => queueStub(env);

const register = async (tags: string[]): Promise<Runner> => {
  const settings = { description: "", tags, runUntagged: false, paused: false, locked: false };
  return valueOf(await queue().registerRunner(settings, null, {}));
};

const poll = async ({ id, epoch }: Runner, cursor: string | null) => {
  const request = { token: { id, epoch }, systemId: "", info: null, cursor, twoPhase: false, cancelGracefully: false };
  return valueOf(await queue().poll(request));
};

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
  const cursors = await Promise.all(runners.map((runner) => poll(runner, null)));
  const held = runners.map(async (runner, index) => {
    const idle = cursors[index];
    return poll(runner, idle?.kind === "nothing" ? idle.cursor : null);
  });
  // Calls of one object are served in order: when this one is answered, the polls are held.
  await queue().runners();
  await projectStub(env, project.id).update({ sharedRunnersEnabled: true });

  const served: number[] = [];
  for (const each of held) {
    void each.then((answer) => (answer.kind === "work" ? served.push(answer.build.summary.id) : undefined));
  }
  await vi.waitUntil(() => served.length === 2, { timeout: 5000 });
  expect(new Set(served)).toEqual(new Set([blueBuild, redBuild]));
  for (const runner of runners) await queue().removeRunner(runner.id, null);
  await Promise.allSettled(held);
});
