import { allRunners } from "../tools/objects/runners-stored.ts";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { queueStub } from "../../src/stubs.ts";
import type { LegacyClient } from "../tools/clients/legacy-client.ts";
import {
  claim,
  enqueue,
  legacy,
  newInstanceRunner,
  newProject,
  newRunner,
  RUNNER_1_11_5,
  summaryOf,
} from "../tools/clients/legacy-api.ts";

const CURSOR = "X-GitLab-Last-Update";

/** A poll as any client may send it; `userAgent` null sends none. */
const poll = (json: object, userAgent: string | null = RUNNER_1_11_5): Promise<Response> =>
  legacy("POST", "/builds/register.json", { json, headers: userAgent === null ? {} : { "User-Agent": userAgent } });

const runnerIdOf = async (runner: LegacyClient): Promise<number> => {
  const found = (await allRunners()).at(-1);
  expect((await poll({ token: runner.token })).status).toBe(204);
  return found?.id ?? 0;
};

const idleRunner = async (): Promise<LegacyClient> => newRunner(await newProject());

describe("with nothing to hand out", () => {
  test.each([
    [204, RUNNER_1_11_5],
    [204, "gitlab-ci-multi-runner 1.3.0 (HEAD; go1.5.3; linux/amd64)"],
    [204, "gitlab-ci-multi-runner 1.3.1 x"],
    [204, "gitlab-ci-multi-runner 1.10.0~beta.12.gdeadbee (x; go1.7; linux/amd64)"],
    [204, "gitlab-ci-multi-runner 2.0.0 (x)"],
    [204, "gitlab-runner 10.0.0 (10-0-stable; go1.8.3; linux/amd64)"],
    [404, "gitlab-ci-multi-runner 1.2.9 (HEAD; go1.5.3; linux/amd64)"],
    [404, "gitlab-ci-multi-runner 1.2.9~beta.3.g0123abc (HEAD)"],
    [404, "gitlab-ci-multi-runner 0.7.2 (HEAD)"],
    [404, "gitlab-ci-multi-runner 1.11.5"],
    [404, "gitlab-ci-multi-runner 1.11 (HEAD)"],
    [404, "gitlab-ci-multi-runner 1.3.0~rc.1 (HEAD)"],
    [404, "gitlab-ci-multi-runner 1.3.0~beta.1.gXYZ (HEAD)"],
    [404, "my gitlab-ci-multi-runner 1.11.5 (HEAD)"],
    [404, "curl/8.5.0"],
    [404, "Go-http-client/1.1"],
    [404, null],
  ])("answers %i to the user agent %s, and a cursor", async (status, userAgent) => {
    const runner = await idleRunner();
    const response = await poll({ token: runner.token }, userAgent);
    expect(response.status).toBe(status);
    expect(response.headers.get(CURSOR)).toMatch(/./);
    expect(await response.text()).toBe(status === 204 ? "" : '{"message":"404 Not Found"}');
  });

  test("answers at once to a poll without a cursor and to one with an old cursor, always with the same new one", async () => {
    const runner = await idleRunner();
    const cursor = (await poll({ token: runner.token })).headers.get(CURSOR);
    expect((await poll({ token: runner.token, last_update: "of-another-life" })).headers.get(CURSOR)).toBe(cursor);
  });
});

describe("who may poll", () => {
  test.each([
    ["no token", {}],
    ["a token that is null", { token: null }],
    ["an empty token", { token: "" }],
    ["an unknown token", { token: "0123456789abcdef0123456789abcd" }],
  ])("%s is 403", async (_what, json) => {
    const response = await poll(json);
    expect(response.status).toBe(403);
    expect(response.headers.get(CURSOR)).toBeNull();
    expect(await response.json()).toEqual({ message: "403 Forbidden" });
  });

  test("a paused runner gets 404 whatever its version, though there is work, and is not noted as seen", async () => {
    const project = await newProject();
    const runner = await newRunner(project);
    const id = await runnerIdOf(runner);
    await queueStub(env).updateRunner(id, { paused: true });
    const seen = await queueStub(env).runner(id);
    await enqueue(project);
    const response = await poll({ token: runner.token, info: { version: "9.9.9" } });
    expect(response.status).toBe(404);
    expect(response.headers.get(CURSOR)).toBeNull();
    expect(await queueStub(env).runner(id)).toEqual(seen);
    await queueStub(env).updateRunner(id, { paused: false });
    await claim(runner);
  });
});

describe("which build", () => {
  test.each([
    ["a build without tags", [], { tags: ["linux"], runUntagged: true }, true],
    ["a build without tags", [], { tags: ["linux"], runUntagged: false }, false],
    ["a build with one of the runner's tags", ["linux"], { tags: ["linux", "arm"] }, true],
    ["a build that wants one tag more", ["arm", "linux"], { tags: ["linux"] }, false],
    ["a build with tags", ["linux"], { tags: [] }, false],
    ["a build whose tag differs in case", ["Linux"], { tags: ["linux"] }, false],
  ])("%s %j for a runner with %j: %s", async (_what, tags, options, gets) => {
    const project = await newProject();
    const id = await enqueue(project, { tags });
    const runner = await newRunner(project, options);
    expect(await runner.poll()).toMatchObject(gets ? { kind: "build", build: { id } } : { kind: "nothing" });
  });

  test("a project's runner gets none of another project", async () => {
    await enqueue(await newProject());
    expect(await (await newRunner(await newProject())).poll()).toEqual({ kind: "nothing" });
  });

  test("instance runners don't take the builds of a project that has shared runners switched off", async () => {
    const project = await newProject({ sharedRunnersEnabled: false });
    await enqueue(project, { tags: ["switched-off"] });
    expect(await (await newInstanceRunner("switched-off")).poll()).toEqual({ kind: "nothing" });
  });

  test("builds of one project go in the order in which they came", async () => {
    const project = await newProject();
    const ids = [await enqueue(project), await enqueue(project), await enqueue(project)];
    const runner = await newRunner(project);
    expect([(await claim(runner)).id, (await claim(runner)).id, (await claim(runner)).id]).toEqual(ids);
  });

  test("pain 13: of sixty runners that race for twenty builds, each build goes to one and forty get nothing", async () => {
    const project = await newProject();
    const ids = await Promise.all(Array.from({ length: 20 }, () => enqueue(project)));
    const runners = await Promise.all(Array.from({ length: 60 }, () => newRunner(project)));
    const answers = await Promise.all(runners.map((runner) => runner.poll()));
    const builds = answers.flatMap((answer) => (answer.kind === "build" ? [answer.build] : []));
    expect(builds.map((build) => build.id).toSorted((a, b) => a - b)).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(builds.map((build) => build.token)).size).toBe(20);
    expect(answers.filter((answer) => answer.kind === "nothing")).toHaveLength(40);
    for (const [index, answer] of answers.entries()) {
      if (answer.kind === "build") expect(await runners[index]?.update(answer.build.id, "running")).toBe(200);
    }
  });
});

describe("a poll with the current cursor", () => {
  test("is held until a build comes that its runner may take, and is not ended by one that it may not", async () => {
    const project = await newProject();
    const runner = await newRunner(project, { tags: ["linux"], runUntagged: false });
    const cursor = (await poll({ token: runner.token })).headers.get(CURSOR);
    const held = poll({ token: runner.token, last_update: cursor });
    const foreign = await enqueue(project, { tags: ["windows"] });
    const mine = await enqueue(project, { tags: ["linux"] });
    const response = await held;
    expect(response.status).toBe(201);
    expect(response.headers.get(CURSOR)).toBeNull();
    expect(await response.json()).toMatchObject({ id: mine });
    expect((await summaryOf(foreign)).status).toBe("pending");
  });

  test("is ended by the removal of its runner", async () => {
    const runner = await idleRunner();
    await runner.poll();
    const held = runner.poll();
    await runner.unregister();
    expect(await held).toEqual({ kind: "refused", status: 403 });
  });
});
