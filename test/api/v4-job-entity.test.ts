/** What a job says of who has or had it. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { queueStub } from "../../src/stubs.ts";
import {
  answer,
  append,
  claim,
  consumer,
  createJob,
  createProject,
  entity,
  finish,
  registerRunner,
  startJob,
  valueOf,
} from "../tools/objects/fixtures.ts";

const INFO = { version: "19.3.0", revision: "abc", platform: "linux", architecture: "arm64", name: "gitlab-runner" };

test("its runner and its machine are as complete as by themselves", async () => {
  const project = await createProject();
  const job = await createJob(project.id);
  const runner = await registerRunner(project.id, { description: "edge" });
  await claim(runner, {}, { systemId: "s_1", ipAddress: "192.0.2.1", info: INFO });
  const shown = await entity(200, "GET", `/projects/${project.id}/jobs/${job.id}`);
  const [, machines] = await answer("GET", `/runners/${runner.id}/managers`);
  const { tag_list: _1, ...details } = await entity(200, "GET", `/runners/${runner.id}`);
  const own = shown["runner"] as object;
  expect(details).toMatchObject(own);
  expect(own).toMatchObject({ description: "edge", online: true, status: "online", job_execution_status: "active" });
  expect(shown["runner_manager"]).toEqual((machines as unknown[])[0]);
  expect(shown["runner_manager"]).toMatchObject({
    system_id: "s_1",
    version: "19.3.0",
    job_execution_status: "active",
  });
});

test("a runner that is gone is shown as it was", async () => {
  const { path, runner, claimed } = await startJob();
  await finish(claimed);
  valueOf(await queueStub(env).removeRunner(runner.id, null));
  const { runner: shown } = await entity(200, "GET", path);
  expect(shown).toMatchObject({ id: runner.id, runner_type: "project_type", online: false, status: "offline" });
});

test("in a runner's list it says of which project it is", async () => {
  const { project, runner, job } = await startJob();
  const [, jobs] = await answer("GET", `/runners/${runner.id}/jobs`);
  const { id, name, path_with_namespace: path, web_url: url } = project;
  expect(jobs).toMatchObject([{ id: job.id, project: { id, name, path_with_namespace: path, web_url: url } }]);
});

test("artifacts of an erased job can be deleted: there are none", async () => {
  const { path, claimed } = await startJob();
  await append(claimed, 0, "a log");
  await finish(claimed);
  expect((await consumer("POST", `${path}/erase`)).status).toBe(201);
  expect((await consumer("DELETE", `${path}/artifacts`)).status).toBe(204);
});

test("jobs of a scope that there is none of are refused by the parameter's name", async () => {
  const { id } = await createProject();
  const refused = [400, { error: "scope does not have a valid value" }];
  expect(await answer("GET", `/projects/${id}/jobs?scope=bogus`)).toEqual(refused);
  expect(await answer("GET", `/projects/${id}/jobs?scope[]=failed&scope[]=bogus`)).toEqual(refused);
});

test("runners are listed by scope, and one that there is none of is refused", async () => {
  const project = await createProject();
  const own = await registerRunner(project.id);
  const shared = await registerRunner(null, { paused: true });
  const ids = async (scope: string) => {
    const [, runners] = await answer("GET", `/runners?per_page=100&scope=${scope}`);
    return (runners as { id: number }[]).map(({ id }) => id).filter((id) => id === own.id || id === shared.id);
  };
  expect(await ids("specific")).toEqual([own.id]);
  expect(await ids("shared")).toEqual([shared.id]);
  expect(await ids("paused")).toEqual([shared.id]);
  expect(await ids("never_contacted")).toEqual([shared.id, own.id]);
  expect(await answer("GET", "/runners?scope=bogus")).toEqual([400, { error: "scope does not have a valid value" }]);
});
