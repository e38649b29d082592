/** The runners of a project: list, enable, disable. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { queueStub } from "../../src/stubs.ts";
import {
  answer,
  claim,
  consumer,
  createJob,
  createProject,
  registerRunner,
  valueOf,
} from "../tools/objects/fixtures.ts";
import type { Entity } from "../tools/objects/fixtures.ts";

const runnersOf = async (projectId: number, query = ""): Promise<number[]> => {
  const response = await consumer("GET", `/projects/${projectId}/runners?per_page=100&${query}`);
  expect(response.status).toBe(200);
  return (await response.json<Entity[]>()).map(({ id }) => id);
};

const enable = (projectId: number, runnerId: number) =>
  answer("POST", `/projects/${projectId}/runners`, { body: { runner_id: runnerId } });

const disable = (projectId: number, runnerId: number) =>
  consumer("DELETE", `/projects/${projectId}/runners/${runnerId}`);

describe("listed are", () => {
  test("the project's own and the instance's, by the filters of all lists of runners", async () => {
    const project = await createProject();
    const own = await registerRunner(project.id, { tags: ["own"] });
    const foreign = await registerRunner((await createProject()).id);
    const shared = await registerRunner(null, { paused: true });
    const ids = await runnersOf(project.id);
    expect(ids).toEqual(expect.arrayContaining([own.id, shared.id]));
    expect(ids).not.toContain(foreign.id);
    expect(await runnersOf(project.id, "type=project_type")).toEqual([own.id]);
    expect(await runnersOf(project.id, "tag_list=own")).toEqual([own.id]);
    expect(await runnersOf(project.id, "scope=shared")).toContain(shared.id);
  });

  test("none of the instance's when the project doesn't want them", async () => {
    const project = await createProject({ shared_runners_enabled: false });
    const own = await registerRunner(project.id);
    await registerRunner(null);
    expect(await runnersOf(project.id)).toEqual([own.id]);
  });
});

describe("a runner that is enabled", () => {
  test("takes the project's jobs, and after that no more", async () => {
    const [first, second] = [await createProject(), await createProject()];
    const runner = await registerRunner(first.id);
    const enabled = { id: runner.id, runner_type: "project_type", is_shared: false };
    expect(await enable(second.id, runner.id)).toMatchObject([201, enabled]);
    expect(await runnersOf(second.id, "type=project_type")).toEqual([runner.id]);
    const job = await createJob(second.id);
    expect((await claim(runner)).summary.id).toBe(job.id);
    expect((await disable(second.id, runner.id)).status).toBe(204);
    expect(await runnersOf(second.id, "type=project_type")).toEqual([]);
    await createJob(second.id);
    await expect(claim(runner)).rejects.toThrow("nothing to claim");
  });

  test("twice is refused, as is one that there isn't or that serves all", async () => {
    const project = await createProject();
    const own = await registerRunner(project.id);
    const shared = await registerRunner(null);
    expect(await enable(project.id, own.id)).toEqual([400, { message: { runner_id: ["has already been taken"] } }]);
    expect(await enable(project.id, 999_999)).toEqual([404, { message: "404 Not found" }]);
    const all = "runner_id is a runner of the instance: it serves all projects that allow it";
    expect(await enable(project.id, shared.id)).toEqual([400, { error: all }]);
    expect(await answer("POST", `/projects/${project.id}/runners`)).toEqual([400, { error: "runner_id is missing" }]);
  });
});

describe("a runner that is disabled", () => {
  test("must serve another project", async () => {
    const project = await createProject();
    const { id } = await registerRunner(project.id);
    const response = await disable(project.id, id);
    const message = "403 Forbidden - Only one project associated with the runner. Please remove the runner instead";
    expect([response.status, await response.json()]).toEqual([403, { message }]);
    expect(await runnersOf(project.id, "type=project_type")).toEqual([id]);
  });

  test.each([["x"], ["0"], ["999999"]])("is none by the number %s", async (id) => {
    const project = await createProject();
    expect((await consumer("DELETE", `/projects/${project.id}/runners/${id}`)).status).toBe(404);
  });
});

test("a project that goes takes its own runners along and leaves those that serve others", async () => {
  const [going, staying] = [await createProject(), await createProject()];
  const own = await registerRunner(going.id);
  const both = await registerRunner(going.id);
  await enable(staying.id, both.id);
  await queueStub(env).forgetProject(going.id);
  expect((await consumer("GET", `/runners/${own.id}`)).status).toBe(404);
  expect(valueOf(await queueStub(env).runner(both.id)).projects).toEqual([staying.id]);
});
