import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { queueStub } from "../../src/stubs.ts";
import { crash, FIRST, pendingBuild, poll, registered, rowsOf, statusOf, uniqueId } from "../tools/objects/objects.ts";

const queue = () => queueStub(env);

const figuresOf = async (...asked: Parameters<typeof poll>) => {
  const answer = await poll(...asked);
  if (answer.kind !== "work") throw new Error("there was nothing to claim");
  return answer.figures;
};

describe("the figures of a claim", () => {
  it("count what the runner could have had, in all groups that it may take from and in no other", async () => {
    const projectId = uniqueId();
    for (const tags of [[], [], ["a"], ["b"]]) await pendingBuild({ tags }, projectId);
    await pendingBuild({ refProtected: true }, projectId);
    await pendingBuild();
    const runner = await registered(projectId, { tags: ["a"] });
    const sizes = [];
    for (let at = 0; at < 4; at++) sizes.push(await figuresOf(runner));
    expect(sizes.map(({ queueSize }) => queueSize)).toEqual([4, 3, 2, 1]);
    expect(sizes[0]).toEqual({ queueSize: 4, queueDepth: 1, projectRunningOnInstanceRunners: null });
  });

  it("count the other builds of the project that instance runners hold", async () => {
    const projectId = uniqueId();
    const tags = [`tag-${projectId}`];
    for (let at = 0; at < 3; at++) await pendingBuild({ tags }, projectId);
    const own = await registered(projectId, { tags });
    const shared = await registered(null, { tags, runUntagged: false });
    expect((await figuresOf(own)).projectRunningOnInstanceRunners).toBeNull();
    expect((await figuresOf(shared)).projectRunningOnInstanceRunners).toBe(0);
    expect((await figuresOf(shared)).projectRunningOnInstanceRunners).toBe(1);
  });
});

describe("the count of what waits", () => {
  it("is what the rows say, whatever happens to builds, and in the queue's next life", async () => {
    const projectId = uniqueId();
    const tags = [`tag-${projectId}`];
    const counts = async () => {
      const { pending } = await queue().metrics();
      const [rows] = await rowsOf(
        queue(),
        `SELECT COUNT(*) AS n FROM build WHERE state = 'pending' AND project_id = ${projectId}`,
      );
      return [pending.find((each) => each.tags[0] === tags[0])?.builds ?? 0, rows?.["n"]];
    };
    const builds = [];
    for (let at = 0; at < 6; at++) builds.push(await pendingBuild({ tags }, projectId));
    expect(await counts()).toEqual([6, 6]);
    const runner = await registered(projectId, { tags });
    const [first, , third, fourth, fifth] = builds;
    await poll(runner);
    await poll(runner);
    expect(await counts(), "two were taken").toEqual([4, 4]);
    await first?.stub.release(1);
    expect(await counts(), "one came back").toEqual([5, 5]);
    await third?.stub.cancel(ADMINISTRATOR, false);
    expect(await counts(), "one was canceled").toEqual([4, 4]);
    await fourth?.stub.remove(fourth.id);
    expect(await counts(), "one was removed").toEqual([3, 3]);
    await queue().notify({ ...(await fifth!.stub.notice(fifth!.id)), revision: 9 });
    expect(await counts(), "one was told of again").toEqual([3, 3]);
    const alone = await pendingBuild({ tags: [`alone-${projectId}`] }, projectId);
    await queue().notify({ ...(await alone.stub.notice(alone.id)), revision: 9 });
    const { pending } = await queue().metrics();
    expect(pending.find((each) => each.tags[0] === `alone-${projectId}`)?.builds, "the only one of its kind").toBe(1);
    await alone.stub.remove(alone.id);
    await builds[1]?.stub.report(FIRST, { kind: "succeed" });
    expect(await counts(), "one that was taken has ended").toEqual([3, 3]);
    await crash(queue());
    expect(await counts(), "after a crash").toEqual([3, 3]);
    await evictDurableObject(queue());
    await poll(runner);
    expect(await counts()).toEqual([2, 2]);
    expect(await statusOf(first!.stub)).toBe("running");
  });
});
