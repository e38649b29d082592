import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { buildStub, queueStub } from "../../src/stubs.ts";
import { answer, claim, consumer, createJob, createProject, entity } from "../tools/objects/fixtures.ts";
import { finish, registerRunner, startJob, valueOf } from "../tools/objects/fixtures.ts";
import type { Entity } from "../tools/objects/fixtures.ts";

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

  test("can be filtered by how the version begins", async () => {
    const [old, recent] = [
      await registerRunner(null, {}, { version: "14.6.0" }),
      await registerRunner(null, {}, { version: "19.3.0" }),
    ];
    expect(await listed("version_prefix=19.")).toEqual([recent.id]);
    expect(await listed("version_prefix=14.6.0")).toEqual([old.id]);
    expect(await listed("version_prefix=4")).toEqual([]);
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
    expect(body).toEqual({
      message: { tags_list: ["can not be empty when runner is not allowed to pick untagged jobs"] },
    });
  });

  test("changes its limit of time, its access level and its note, and takes them back", async () => {
    const { id } = await registerRunner(null);
    const path = `/runners/${id}`;
    const limits = { maximum_timeout: 600, access_level: "ref_protected", maintenance_note: "rack 7" };
    expect(await entity(200, "GET", path)).toMatchObject({ maximum_timeout: null, access_level: "not_protected" });
    expect(await entity(200, "PUT", path, { body: limits })).toMatchObject(limits);
    expect(await entity(200, "PUT", path, { body: { description: "x" } })).toMatchObject(limits);
    expect(await entity(200, "GET", path)).toMatchObject(limits);
    const body = { maximum_timeout: null, access_level: "not_protected", maintenance_note: "" };
    expect(await entity(200, "PUT", path, { body })).toMatchObject({ ...body, maintenance_note: null });
    const emptied = await consumer("PUT", `${path}?maximum_timeout=`, { body: { maintainer_note: "old name" } });
    expect(await emptied.json()).toMatchObject({ maximum_timeout: null, maintenance_note: "old name" });
  });

  test.each<[object, unknown]>([
    [{ paused: "maybe" }, { error: "paused is invalid" }],
    [{ locked: {} }, { error: "locked is invalid" }],
    [{ tag_list: { a: 1 } }, { message: { tags_list: ["is invalid"] } }],
    [{ active: true, paused: false }, { error: "active, paused are mutually exclusive" }],
    [{ access_level: "x" }, { error: "access_level does not have a valid value" }],
    [{ maximum_timeout: 0 }, { message: { maximum_timeout: ["needs to be at least 10 minutes"] } }],
    [{ maximum_timeout: "600.5" }, { message: { maximum_timeout: ["is invalid"] } }],
  ])("refuses %j", async (body, refusal) => {
    const { id } = await registerRunner(null);
    const before = await entity(200, "GET", `/runners/${id}`);
    expect(await answer("PUT", `/runners/${id}`, { body })).toEqual([400, refusal]);
    expect(await entity(200, "GET", `/runners/${id}`)).toEqual(before);
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

  test.each(["-1", "x"])("%s is no number, so no path", async (id) => {
    const notFound = [404, { error: "404 Not Found" }];
    for (const method of ["GET", "PUT", "DELETE"]) expect(await answer(method, `/runners/${id}`)).toEqual(notFound);
  });

  test.each(["0", "987654", "99999999999999999999"])("%s is not found", async (id) => {
    const notFound = [404, { message: "404 Not found" }];
    expect(await answer("GET", `/runners/${id}`)).toEqual(notFound);
    expect(await answer("PUT", `/runners/${id}`, { body: {} })).toEqual(notFound);
    expect(await answer("DELETE", `/runners/${id}`)).toEqual(notFound);
    expect(await answer("GET", `/runners/${id}/jobs`)).toEqual(notFound);
    expect(await answer("GET", `/runners/${id}/managers`)).toEqual(notFound);
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

describe("a runner that is made for a machine to come", () => {
  const create = (body: object) => entity(201, "POST", "/user/runners", { body });

  test("has a token that begins with glrt-, good at once, as is the next one after a reset", async () => {
    const { id, ...rest } = await create({ runner_type: "instance_type", description: "edge" });
    expect(rest).toEqual({ token: expect.stringMatching(/^glrt-[\w-]+$/), token_expires_at: null });
    const verify = (token: unknown) => answer("POST", "/runners/verify", { body: { token } });
    expect(await verify(rest["token"])).toEqual([200, { id, token: rest["token"], token_expires_at: null }]);
    const reset = await entity(201, "POST", `/runners/${id}/reset_authentication_token`);
    expect(reset["token"]).toMatch(/^glrt-/);
    expect((await verify(rest["token"]))[0]).toBe(403);
    const own = await answer("POST", "/runners/reset_authentication_token", { body: { token: reset["token"] } });
    expect(own).toEqual([201, { token: expect.stringMatching(/^glrt-/), token_expires_at: null }]);
  });

  test("has all the settings", async () => {
    const settings = {
      description: "edge",
      paused: true,
      locked: true,
      run_untagged: false,
      tag_list: ["a", "b"],
      access_level: "ref_protected",
      maximum_timeout: 7200,
      maintenance_note: "rack 7",
    };
    const { id } = await create({ runner_type: "instance_type", ...settings });
    expect(await entity(200, "GET", `/runners/${id}`)).toMatchObject({
      ...settings,
      runner_type: "instance_type",
      status: "never_contacted",
    });
  });

  test("may be one project's", async () => {
    const project = await createProject();
    const { id } = await create({ runner_type: "project_type", project_id: project.id });
    const { projects } = await entity(200, "GET", `/runners/${id}`);
    expect(projects).toEqual([expect.objectContaining({ id: project.id })]);
  });

  test.each<[object, number, unknown]>([
    [{}, 400, { error: "runner_type is missing" }],
    [{ runner_type: "x" }, 400, { error: "runner_type does not have a valid value" }],
    [
      { runner_type: "group_type", group_id: 1 },
      400,
      { error: "runner_type can not be group_type: groups have no runners here" },
    ],
    [{ runner_type: "project_type" }, 400, { error: "project_id is missing" }],
    [{ runner_type: "project_type", project_id: 987654 }, 404, { message: "404 Project Not Found" }],
    [
      { runner_type: "instance_type", run_untagged: false },
      400,
      { message: { tags_list: ["can not be empty when runner is not allowed to pick untagged jobs"] } },
    ],
    [
      { runner_type: "instance_type", maximum_timeout: 60 },
      400,
      { message: { maximum_timeout: ["needs to be at least 10 minutes"] } },
    ],
  ])("is not made of %j", async (body, status, refusal) => {
    expect(await answer("POST", "/user/runners", { body })).toEqual([status, refusal]);
  });

  test("is made by the administrator alone", async () => {
    const headers = { "PRIVATE-TOKEN": "wrong" };
    const sent = { headers, body: { runner_type: "instance_type" } };
    expect(await answer("POST", "/user/runners", sent)).toEqual([401, { message: "401 Unauthorized" }]);
  });
});

describe("a runner's machines", () => {
  test("are listed with what each said of itself, the newest first, in pages", async () => {
    const runner = await registerRunner(null);
    const info = { version: "19.3.0", revision: "abc", platform: "linux", architecture: "arm64", executor: "shell" };
    const token = { id: runner.id, epoch: runner.epoch };
    valueOf(await queueStub(env).verifyRunner(token, { systemId: "s_1", ipAddress: "192.0.2.1", info }));
    valueOf(await queueStub(env).verifyRunner(token, { systemId: "r_2", ipAddress: null, info: null }));
    const path = `/runners/${runner.id}/managers`;
    const [status, machines] = await answer("GET", path);
    expect(status).toBe(200);
    expect(machines).toEqual([
      expect.objectContaining({ system_id: "r_2", version: null, ip_address: null }),
      {
        id: expect.any(Number),
        system_id: "s_1",
        version: "19.3.0",
        revision: "abc",
        platform: "linux",
        architecture: "arm64",
        created_at: expect.stringMatching(/\.\d{3}Z$/),
        contacted_at: expect.stringMatching(/\.\d{3}Z$/),
        ip_address: "192.0.2.1",
        status: "online",
        job_execution_status: "idle",
      },
    ]);
    const page = await consumer("GET", `${path}?per_page=1&page=2`);
    expect(await page.json()).toMatchObject([{ system_id: "s_1" }]);
    expect(page.headers.get("X-Total")).toBe("2");
  });

  test("are none for a runner that doesn't tell them apart", async () => {
    const runner = await registerRunner(null);
    expect(await answer("GET", `/runners/${runner.id}/managers`)).toEqual([200, []]);
  });
});
