import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import { answer, claim, consumer, createJob, createProject, entity } from "../support/fixtures.ts";
import { finish, registerRunner, startJob } from "../support/fixtures.ts";
import type { Entity } from "../support/fixtures.ts";

const listed = async (query: string): Promise<number[]> => {
  const response = await consumer("GET", `/runners/all?per_page=100&${query}`);
  expect(response.status).toBe(200);
  return (await response.json<Entity[]>()).map(({ id }) => id);
};

describe("the list of runners", () => {
  test("can be filtered by type, status, pause and tags", async () => {
    const project = await createProject();
    const own = await registerRunner(project.id, { tags: ["red", "round"] });
    const shared = await registerRunner(null, { tags: ["red"], paused: true });
    const { runner: busy } = await startJob();

    expect(await listed("")).toEqual([busy.id, shared.id, own.id]);
    expect(await listed("type=instance_type")).toEqual([shared.id]);
    expect(await listed("type=project_type")).toEqual([busy.id, own.id]);
    expect(await listed("type=group_type")).toEqual([]);
    expect(await listed("paused=true")).toEqual([shared.id]);
    expect(await listed("status=paused")).toEqual([shared.id]);
    expect(await listed("status=active")).toEqual([busy.id, own.id]);
    expect(await listed("status=online")).toEqual([busy.id]);
    expect(await listed("status=never_contacted")).toEqual([shared.id, own.id]);
    expect(await listed("status=offline")).toEqual([]);
    expect(await listed("tag_list=red")).toEqual([shared.id, own.id]);
    expect(await listed("tag_list=red,round")).toEqual([own.id]);
  });

  test("is in pages, with GitLab's entity", async () => {
    for (let count = 0; count < 3; count++)
      await registerRunner(null, { tags: ["paged"], description: "one of three" });
    for (const path of ["/runners", "/runners/all"]) {
      const response = await consumer("GET", `${path}?tag_list=paged&per_page=2`);
      expect(Object.fromEntries(response.headers)).toMatchObject({ "x-total": "3", "x-next-page": "2" });
      const runners = await response.json<Entity[]>();
      expect(runners).toHaveLength(2);
      expect(runners[0]).toEqual({
        id: expect.any(Number),
        description: "one of three",
        ip_address: null,
        active: true,
        paused: false,
        is_shared: true,
        runner_type: "instance_type",
        name: null,
        online: false,
        status: "never_contacted",
        created_at: expect.stringMatching(/Z$/),
        created_by: null,
        job_execution_status: "idle",
      });
    }
  });

  test.each(["type=x", "status=x", "paused=x"])("refuses %s", async (query) => {
    expect((await consumer("GET", `/runners?${query}`)).status).toBe(400);
  });
});

describe("one runner", () => {
  test("tells what it is and when it was heard of", async () => {
    const project = await createProject();
    const info = {
      name: "gitlab-runner",
      version: "19.3.0",
      revision: "abc",
      platform: "linux",
      architecture: "arm64",
    };
    const runner = await registerRunner(project.id, { tags: ["a"], locked: true }, info);
    await createJob(project.id);
    await claim(runner);
    expect(await entity(200, "GET", `/runners/${runner.id}`)).toMatchObject({
      ...info,
      id: runner.id,
      online: true,
      status: "online",
      contacted_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      job_execution_status: "active",
      tag_list: ["a"],
      run_untagged: true,
      locked: true,
      projects: [expect.objectContaining({ id: project.id, path_with_namespace: project["path_with_namespace"] })],
    });
  });

  test("changes in what is given", async () => {
    const { id } = await registerRunner(null);
    const body = { description: "new", paused: true, tag_list: "x, y", run_untagged: "0", locked: 1 };
    const changed = { description: "new", paused: true, active: false, tag_list: ["x", "y"], run_untagged: false };
    expect(await entity(200, "PUT", `/runners/${id}`, { body })).toMatchObject({ ...changed, locked: true });
    const woken = { ...changed, active: true, paused: false };
    expect(await entity(200, "PUT", `/runners/${id}`, { body: { active: true } })).toMatchObject(woken);
    expect(await entity(200, "GET", `/runners/${id}`)).toMatchObject(woken);
  });

  test("can't be left with nothing to take", async () => {
    const { id } = await registerRunner(null, { tags: ["x"], runUntagged: false });
    const [status, body] = await answer("PUT", `/runners/${id}`, { body: { tag_list: [] } });
    expect(status).toBe(400);
    expect(body).toEqual({ error: "tags_list can not be empty when runner is not allowed to pick untagged jobs" });
  });

  test.each([{ paused: "maybe" }, { locked: {} }, { tag_list: { a: 1 } }])("refuses %j", async (body) => {
    const { id } = await registerRunner(null);
    expect((await consumer("PUT", `/runners/${id}`, { body })).status).toBe(400);
  });

  test("can be deleted, which ends what it runs", async () => {
    const { runner, path } = await startJob();
    expect((await consumer("DELETE", `/runners/${runner.id}`)).status).toBe(204);
    expect((await consumer("DELETE", `/runners/${runner.id}`)).status).toBe(404);
    await expect
      .poll(() => entity(200, "GET", path))
      .toMatchObject({
        status: "failed",
        failure_reason: "runner_system_failure",
      });
  });

  test.each(["0", "-1", "987654", "x", "99999999999999999999"])("%s is not found", async (id) => {
    const notFound = [404, { message: "404 Not found" }];
    expect(await answer("GET", `/runners/${id}`)).toEqual(notFound);
    expect(await answer("PUT", `/runners/${id}`, { body: {} })).toEqual(notFound);
    expect(await answer("DELETE", `/runners/${id}`)).toEqual(notFound);
    expect(await answer("GET", `/runners/${id}/jobs`)).toEqual(notFound);
  });
});

describe("a runner's jobs", () => {
  test("are those it holds or finished, newest first, in pages", async () => {
    const project = await createProject();
    const runner = await registerRunner(project.id);
    const jobs: Entity[] = [];
    for (let count = 0; count < 3; count++) {
      jobs.push(await createJob(project.id));
      const claimed = await claim(runner);
      if (count < 2) await finish(claimed, count === 0 ? "failed" : "success");
    }
    const [first, second, third] = jobs.map(({ id }) => id);
    const idsOf = async (query: string) => {
      const response = await consumer("GET", `/runners/${runner.id}/jobs?${query}`);
      return (await response.json<Entity[]>()).map(({ id }) => id);
    };
    expect(await idsOf("")).toEqual([third, second, first]);
    expect(await idsOf("order_by=id&sort=asc")).toEqual([first, second, third]);
    expect(await idsOf("status=failed")).toEqual([first]);
    expect(await idsOf("per_page=2&page=2")).toEqual([first]);
    expect((await consumer("GET", `/runners/${runner.id}/jobs?status=x`)).status).toBe(400);
  });

  test("are none that went on to another runner", async () => {
    const { project, runner, job, claimed } = await startJob();
    await buildStub(env, job.id).release(claimed.summary.attempt);
    await claim(await registerRunner(project.id));
    expect(await answer("GET", `/runners/${runner.id}/jobs`)).toEqual([200, []]);
  });
});
