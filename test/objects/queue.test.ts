import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import type { RunnerInfo } from "../../src/core/runner/runner.ts";
import { buildStub, queueStub } from "../../src/stubs.ts";
import {
  buildOf,
  FIRST,
  pendingBuild,
  poll,
  pollOf,
  refusalOf,
  registered,
  settings,
  statusOf,
  uniqueId,
  valueOf,
} from "../tools/objects/objects.ts";

const queue = () => queueStub(env);
const saying = (info: RunnerInfo | null) => ({ systemId: null, ipAddress: null, info });

describe("registration", () => {
  it("gives each runner a number and a first epoch", async () => {
    const [one, other] = [await registered(null, { tags: ["x"] }), await registered(7)];
    expect(one).toMatchObject({ epoch: 1, projects: null, tags: ["x"], contactedAtMs: null });
    expect(other).toMatchObject({ epoch: 1, projects: [7] });
    expect(other.id).not.toBe(one.id);
  });

  it("of a project's token ends at a thousand, in GitLab's words; others go on", async () => {
    const projectId = uniqueId();
    await runInDurableObject(queue(), async (_instance, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO runner (id, epoch, description, projects, tags, run_untagged, paused, locked, info, created_at_ms)
         SELECT 500000 + i, 1, '', ?, '[]', 1, 0, 0, '{}', 1000 FROM n`,
        `[${projectId}]`,
      );
    });
    await evictDurableObject(queue());
    expect(refusalOf(await queue().registerRunner(settings(), projectId, {}))).toEqual({
      reason: "invalid",
      field: "base",
      message: "Maximum number of ci registered project runners (1000) exceeded",
    });
    await registered(uniqueId());
    await queue().forgetProject(projectId);
    await registered(projectId);
  });

  it("refuses a runner that could take nothing, and an edit that makes one", async () => {
    const refusal = { reason: "invalid", field: "tags_list" };
    const useless = settings({ runUntagged: false });
    const before = await registered(null);
    expect(refusalOf(await queue().registerRunner(useless, null, {}))).toMatchObject(refusal);
    const runner = await registered(null);
    // Who was refused has used up no number.
    expect(runner.id).toBe(before.id + 1);
    expect(refusalOf(await queue().updateRunner(runner.id, { runUntagged: false }))).toMatchObject(refusal);
    expect(valueOf(await queue().runner(runner.id)).runUntagged).toBe(true);
  });

  it("verifies a runner by its number and epoch", async () => {
    const runner = await registered(null);
    expect(valueOf(await queue().verifyRunner({ id: runner.id, epoch: 1 }, saying({ version: "17" })))).toMatchObject({
      id: runner.id,
    });
    expect(valueOf(await queue().runner(runner.id))).toMatchObject({ info: { version: "17" }, online: true });
    expect(refusalOf(await queue().verifyRunner({ id: runner.id, epoch: 2 }, saying(null)))).toEqual({
      reason: "stale_token",
    });
    expect(refusalOf(await queue().verifyRunner({ id: uniqueId(), epoch: 1 }, saying(null)))).toEqual({
      reason: "forbidden",
    });
  });
});

describe("who gets what", () => {
  it.each<[string, Parameters<typeof settings>[0], string[], boolean]>([
    ["an untagged build goes to a runner that takes such", {}, [], true],
    ["an untagged build doesn't go to one that takes only tagged ones", { tags: ["a"], runUntagged: false }, [], false],
    ["a build with tags goes to a runner that has them all", { tags: ["a", "b"] }, ["a", "b"], true],
    ["a build with tags doesn't go to one that lacks one of them", { tags: ["a"] }, ["a", "b"], false],
  ])("%s", async (_title, change, tags, gets) => {
    const { id, projectId } = await pendingBuild({ tags });
    const runner = await registered(projectId, change);
    expect(buildOf(await poll(runner))).toBe(gets ? id : null);
  });

  it("a project's runner gets nothing of other projects", async () => {
    const runner = await registered(uniqueId());
    await pendingBuild();
    expect(buildOf(await poll(runner))).toBeNull();
  });

  it("a project that keeps instance runners away is served by its own only", async () => {
    const tag = `tag-${uniqueId()}`;
    const { id, projectId } = await pendingBuild({ tags: [tag] });
    await queue().allowInstanceRunners(projectId, false);
    expect(buildOf(await poll(await registered(null, { tags: [tag], runUntagged: false })))).toBeNull();
    expect(buildOf(await poll(await registered(projectId, { tags: [tag] })))).toBe(id);
  });

  it("a runner for protected refs gets builds of those alone, which others get as well", async () => {
    const projectId = uniqueId();
    const open = await pendingBuild({}, projectId);
    const guarded = await pendingBuild({ refProtected: true }, projectId);
    const another = await pendingBuild({ refProtected: true }, projectId);
    const guard = await registered(projectId, { accessLevel: "ref_protected" });
    const any = await registered(projectId);
    expect(buildOf(await poll(guard))).toBe(guarded.id);
    expect([buildOf(await poll(any)), buildOf(await poll(any))]).toEqual([open.id, another.id]);
    expect(buildOf(await poll(guard))).toBeNull();
  });

  it("a paused runner is refused until it goes on", async () => {
    const { id, projectId } = await pendingBuild();
    const runner = await registered(projectId, { paused: true });
    expect(refusalOf(await queue().poll(pollOf(runner)))).toMatchObject({
      reason: "paused",
      cursor: expect.stringMatching(/^[\w-]+$/),
    });
    await queue().updateRunner(runner.id, { paused: false });
    expect(buildOf(await poll(runner))).toBe(id);
  });

  it("the builds of one project go first come, first served", async () => {
    const first = await pendingBuild();
    const { id, projectId } = first;
    const second = await pendingBuild({}, projectId);
    const tagged = await pendingBuild({ tags: ["a"] }, projectId);
    const runner = await registered(projectId, { tags: ["a"] });
    const order = [await poll(runner), await poll(runner), await poll(runner), await poll(runner)].map(buildOf);
    expect(order).toEqual([id, second.id, tagged.id, null]);
  });

  it("between projects the one that runs fewer on instance runners goes first", async () => {
    const tags = [`tag-${uniqueId()}`];
    const many = [await pendingBuild({ tags })];
    for (let at = 1; at < 10; at++) many.push(await pendingBuild({ tags }, many[0]?.projectId));
    const one = await pendingBuild({ tags });
    const runner = await registered(null, { tags, runUntagged: false });
    const order = [await poll(runner), await poll(runner), await poll(runner)].map(buildOf);
    expect(order).toEqual([many[0]?.id, one.id, many[1]?.id]);
  });

  it("sixty runners that race for twenty builds get each of them once", async () => {
    const projectId = uniqueId();
    const builds = await Promise.all(Array.from({ length: 20 }, () => pendingBuild({}, projectId)));
    const runners = await Promise.all(Array.from({ length: 60 }, () => registered(projectId)));
    const answers = await Promise.all(runners.map((runner) => poll(runner)));
    const got = answers.map(buildOf).filter((id) => id !== null);
    expect(got.toSorted((a, b) => a - b)).toEqual(builds.map(({ id }) => id).toSorted((a, b) => a - b));
    for (const { stub } of builds) expect(await statusOf(stub)).toBe("running");
  });

  it("knows of what waits whether its ref is protected", async () => {
    const projectId = uniqueId();
    const tags = [`tag-${projectId}`];
    await registered(projectId, { tags, accessLevel: "ref_protected" });
    const builds = [
      await pendingBuild({ tags }, projectId),
      await pendingBuild({ tags, refProtected: true }, projectId),
    ];
    expect(await queue().pendingReasons(builds.map(({ id }) => ({ id, projectId, tags })))).toEqual([
      `every runner that has the tags ${tags[0]} takes only builds of protected refs`,
      `no runner that has the tags ${tags[0]} is online`,
    ]);
  });

  it("gives its reasons for what waits", async () => {
    const projectId = uniqueId();
    await registered(projectId, { tags: ["a"], paused: true });
    const builds = [
      await pendingBuild({ tags: ["a"] }, projectId),
      await pendingBuild({ tags: [`tag-${projectId}`] }, projectId),
    ];
    expect(await queue().pendingReasons(builds.map(({ id }) => ({ id, projectId })))).toEqual([
      "every runner that has the tags a is paused",
      `no runner has the tags tag-${projectId}`,
    ]);
  });
});

describe("what a runner has or had", () => {
  it("is known by build, also after its end; others know nothing of it", async () => {
    const { id, projectId, stub } = await pendingBuild();
    const [runner, other] = [await registered(projectId), await registered(projectId)];
    await poll(runner);
    expect(valueOf(await queue().runner(runner.id))).toMatchObject({ running: 1, online: true });
    await stub.report(FIRST, { kind: "succeed" });
    expect(valueOf(await queue().runner(runner.id))).toMatchObject({ running: 0 });
    expect(refusalOf(await queue().findRunnerBuild(runner, id))).toBeNull();
    expect(refusalOf(await queue().findRunnerBuild(other, id))).toEqual({ reason: "not_found", what: "build" });
    expect(refusalOf(await queue().findRunnerBuild({ ...runner, epoch: 2 }, id))).toEqual({ reason: "stale_token" });
    expect(valueOf(await queue().runnerBuilds(runner.id))).toEqual([id]);
  });

  it("is forgotten after a hundred more, but not while the runner holds it; newest are listed first", async () => {
    const projectId = uniqueId();
    const runner = await registered(projectId);
    const ids: number[] = [];
    for (let at = 0; at < 101; at++) {
      ids.unshift((await pendingBuild({}, projectId)).id);
      await poll(runner);
    }
    expect(valueOf(await queue().runnerBuilds(runner.id))).toEqual(ids.slice(0, 100));
    const first = ids[100] ?? 0;
    expect(refusalOf(await queue().findRunnerBuild(runner, first))).toBeNull();
    await buildStub(env, first).cancel(ADMINISTRATOR, false);
    expect(refusalOf(await queue().findRunnerBuild(runner, first))).toMatchObject({ reason: "not_found" });
  });
});
