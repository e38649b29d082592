import { env } from "cloudflare:workers";
import { listDurableObjectIds } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { LEGACY_ABILITIES } from "../../src/core/runner/abilities.ts";
import { queueStub } from "../../src/stubs.ts";
import { answer, append, claim, consumer, createJob, createProject, entity } from "../tools/objects/fixtures.ts";
import { finish, registerRunner, startJob, storeArchive } from "../tools/objects/fixtures.ts";
import type { Entity } from "../tools/objects/fixtures.ts";

const idsOf = async (path: string): Promise<number[]> => {
  const response = await consumer("GET", path);
  expect(response.status).toBe(200);
  return (await response.json<Entity[]>()).map(({ id }) => id);
};

describe("the list of a project's jobs", () => {
  let jobs = "";
  let ids: number[] = [];

  beforeAll(async () => {
    const project = await createProject();
    jobs = `/projects/${project.id}/jobs`;
    ids = [];
    for (let count = 0; count < 5; count++) ids.push((await createJob(project.id)).id);
    const claimed = await claim(await registerRunner(project.id));
    await finish(claimed);
    await entity(201, "POST", `${jobs}/${ids[1]}/cancel`);
  });

  test("is in pages, newest first", async () => {
    const response = await consumer("GET", `${jobs}?per_page=2&page=2`);
    expect(await response.json<Entity[]>()).toMatchObject([{ id: ids[2] }, { id: ids[1] }]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-page": "2",
      "x-per-page": "2",
      "x-next-page": "3",
      "x-prev-page": "1",
      "x-total": "5",
      "x-total-pages": "3",
      link: expect.stringMatching(/rel="prev".*rel="next".*rel="first".*rel="last"/),
    });
  });

  test.each<[query: string, which: number[]]>([
    ["scope=success", [0]],
    ["scope[]=success&scope[]=canceled", [1, 0]],
    ["scope[]=pending&sort=asc", [2, 3, 4]],
    ["scope=running", []],
    ["scope=scheduled", []],
  ])("with %s has those alone", async (query, which) => {
    expect(await idsOf(`${jobs}?${query}`)).toEqual(which.map((index) => ids[index]));
  });

  test.each(["scope=done", "scope[]=success&scope[]=x", "scope[a]=success", "sort=up", "order_by=name", "cursor=x"])(
    "refuses %s",
    async (query) => {
      expect(await answer("GET", `${jobs}?${query}`)).toEqual([400, { error: expect.stringMatching(/valid/) }]);
    },
  );

  test.each(["asc", "desc"])("by keyset, %s, can be walked by its links alone", async (sort) => {
    const seen: number[] = [];
    let path: string | undefined =
      `${jobs}?pagination=keyset&order_by=id&sort=${sort}&per_page=2&private_token=test-admin-token`;
    while (path !== undefined) {
      const response: Response = await consumer("GET", path);
      seen.push(...(await response.json<Entity[]>()).map(({ id }) => id));
      expect(response.headers.get("X-Total")).toBeNull();
      expect(response.headers.get("Link") ?? "").not.toContain("private_token");
      path = /^<.*\/api\/v4(.*)>; rel="next"$/.exec(response.headers.get("Link") ?? "")?.[1];
    }
    expect(seen).toEqual(sort === "asc" ? ids : ids.toReversed());
  });
});

describe("an id that isn't a job of the project is not found, and wakes no build", () => {
  const routes = [
    ["GET", ""],
    ["GET", "/trace"],
    ["GET", "/trace?follow=true"],
    ["GET", "/history"],
    ["GET", "/artifacts"],
    ["POST", "/artifacts/keep"],
    ["DELETE", "/artifacts"],
    ["POST", "/cancel"],
    ["POST", "/retry"],
    ["POST", "/erase"],
  ] as const;

  test.each(["0", "-1", "999999", "99999999999999999999", "abc", "1.5", "%00"])("%s", async (id) => {
    const project = await createProject();
    const before = (await listDurableObjectIds(env.BUILDS)).length;
    for (const [method, path] of routes) {
      const asked = await answer(method, `/projects/${project.id}/jobs/${id}${path}`);
      expect(asked).toEqual([404, { message: "404 Not Found" }]);
    }
    expect(await listDurableObjectIds(env.BUILDS)).toHaveLength(before);
  });

  test("a job of another project", async () => {
    const { id } = await createJob((await createProject()).id);
    const other = await createProject();
    for (const [method, path] of routes) {
      const asked = await answer(method, `/projects/${other.id}/jobs/${id}${path}`);
      expect(asked).toEqual([404, { message: "404 Not Found" }]);
    }
  });
});

describe("a job on its way", () => {
  test("names its runner and its times while it runs, and why it failed", async () => {
    const { path, runner, claimed, job } = await startJob();
    const time = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
    const running = { id: job.id, status: "running", started_at: time, finished_at: null, attempt: 1 };
    const by = { runner: expect.objectContaining({ id: runner.id, is_shared: false, runner_type: "project_type" }) };
    const shown = await entity(200, "GET", path);
    expect(shown).toMatchObject({ ...running, ...by, duration: expect.any(Number) });
    expect(shown).not.toHaveProperty("failure_reason");
    expect(shown).not.toHaveProperty("pending_reason");
    await finish(claimed, "failed");
    expect(await entity(200, "GET", path)).toMatchObject({ status: "failed", failure_reason: "script_failure" });
  });

  test("tells its history", async () => {
    const { path, runner, claimed } = await startJob();
    await finish(claimed);
    const [, history] = await answer("GET", `${path}/history`);
    const at = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
    expect(history).toEqual([
      { at, event: "create", status: "created", detail: null },
      { at, event: "enqueue", status: "pending", detail: null },
      { at, event: "claim", status: "running", detail: `claimed by runner ${runner.id}` },
      { at, event: "succeed", status: "success", detail: null },
    ]);
  });
});

describe("canceling", () => {
  test("ends a pending job, and does nothing to a finished one", async () => {
    const project = await createProject();
    const job = await createJob(project.id);
    const path = `/projects/${project.id}/jobs/${job.id}`;
    expect(await entity(201, "POST", `${path}/cancel`)).toMatchObject({ id: job.id, status: "canceled" });
    expect(await entity(201, "POST", `${path}/cancel`, { body: { force: true } })).toMatchObject({
      status: "canceled",
    });
    expect(await answer("POST", `${path}/cancel`, { body: { force: "x" } })).toEqual([
      400,
      { error: "force is invalid" },
    ]);
  });

  test("waits for a runner that winds down, unless it is forced", async () => {
    const project = await createProject();
    const job = await createJob(project.id);
    const runner = await registerRunner(project.id);
    const token = { id: runner.id, epoch: runner.epoch };
    const abilities = { ...LEGACY_ABILITIES, cancelGracefully: true };
    await queueStub(env).poll({ token, systemId: null, ipAddress: null, info: null, abilities, cursor: null });
    const path = `/projects/${project.id}/jobs/${job.id}`;
    expect(await entity(201, "POST", `${path}/cancel`)).toMatchObject({ status: "canceling" });
    expect(await entity(201, "POST", `${path}/cancel?force=true`)).toMatchObject({ status: "canceled" });
  });
});

describe("retrying", () => {
  test("makes one new job in the same pipeline; a second retry is refused and names it", async () => {
    const { project, job, path, claimed } = await startJob({ stage: "build", script: ["make"] });
    await finish(claimed, "failed");
    const retried = await entity(201, "POST", `${path}/retry`);
    expect(retried).toMatchObject({ status: "pending", name: "unit", stage: "build", attempt: 0 });
    expect(retried.id).not.toBe(job.id);
    expect(retried["pipeline"]).toMatchObject({ id: (job["pipeline"] as Entity).id });
    expect(await entity(200, "GET", path)).toMatchObject({ status: "failed", retried_as: retried.id });
    const message = `403 Forbidden - Job is not retryable, it was retried as ${retried.id}`;
    expect(await answer("POST", `${path}/retry`)).toEqual([403, { message }]);
    expect(await idsOf(`/projects/${project.id}/jobs`)).toEqual([retried.id, job.id]);
  });

  test("needs a finished job", async () => {
    const { path } = await startJob();
    expect(await answer("POST", `${path}/retry`)).toEqual([403, { message: "403 Forbidden - Job is not retryable" }]);
  });
});

describe("erasing", () => {
  test("removes log and archive and keeps the record", async () => {
    const { path, claimed } = await startJob();
    await append(claimed, 0, "log");
    await storeArchive(claimed, "zip");
    await finish(claimed);
    const erased = await entity(201, "POST", `${path}/erase`);
    expect(erased).toMatchObject({ status: "success", erased_at: expect.any(String), artifacts: [] });
    const note = "\u001b[33;1mSignalbox ended this log: erased by admin, with its artifacts\u001b[0m\n";
    expect(await (await consumer("GET", `${path}/trace`)).text()).toBe(note);
    expect((await consumer("GET", `${path}/artifacts`)).status).toBe(404);
    const refused = [403, { message: "403 Forbidden - Job is not erasable!" }];
    expect(await answer("POST", `${path}/erase`)).toEqual(refused);
  });

  test("is refused while the job runs, and when there is nothing", async () => {
    const { path, claimed } = await startJob();
    const refused = [403, { message: "403 Forbidden - Job is not erasable!" }];
    expect(await answer("POST", `${path}/erase`)).toEqual(refused);
    await finish(claimed);
    expect(await answer("POST", `${path}/erase`)).toEqual(refused);
  });
});

describe("the archive", () => {
  test("is shown with the job and downloaded whole or in part", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, "0123456789");
    expect(await entity(200, "GET", path)).toMatchObject({
      artifacts_file: { filename: "artifacts.zip", size: 10 },
      artifacts: [{ file_type: "archive", size: 10, filename: "artifacts.zip", file_format: "zip" }],
      artifacts_expire_at: null,
    });
    const whole = await consumer("GET", `${path}/artifacts`);
    expect([whole.status, new TextDecoder().decode(await whole.arrayBuffer())]).toEqual([200, "0123456789"]);
    expect(whole.headers.get("Content-Disposition")).toContain('filename="artifacts.zip"');
    const part = await consumer("GET", `${path}/artifacts`, { headers: { Range: "bytes=2-4" } });
    expect([part.status, new TextDecoder().decode(await part.arrayBuffer())]).toEqual([206, "234"]);
  });

  test("that would expire can be kept", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, "zip", 60_000);
    expect((await entity(200, "GET", path))["artifacts_expire_at"]).toMatch(/Z$/);
    expect(await entity(200, "POST", `${path}/artifacts/keep`)).toMatchObject({ artifacts_expire_at: null });
  });

  test("that has expired is not found", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, "zip", 0);
    expect(await answer("GET", `${path}/artifacts`)).toEqual([404, { message: "404 Not Found" }]);
    expect((await consumer("POST", `${path}/artifacts/keep`)).status).toBe(404);
  });

  test("can be deleted, twice", async () => {
    const { path, claimed } = await startJob();
    await storeArchive(claimed, "zip");
    for (let time = 0; time < 2; time++) expect((await consumer("DELETE", `${path}/artifacts`)).status).toBe(204);
    expect((await consumer("GET", `${path}/artifacts`)).status).toBe(404);
    expect(await entity(200, "GET", path)).toMatchObject({ artifacts: [] });
  });
});

describe("pain 15: a pending job says why it waits", () => {
  const reasonOf = async ({ id }: Entity, fields: object = {}): Promise<unknown> =>
    (await createJob(id, fields))["pending_reason"];

  test("in the single job and in lists", async () => {
    const project = await createProject();
    await registerRunner(project.id, { tags: ["linux"], runUntagged: false });
    expect(await reasonOf(project, { tags: ["linux"] })).toBe("no runner that has the tags linux is online");
    expect(await reasonOf(project, { tags: ["mac", "arm"] })).toBe("no runner has the tags arm, mac");
    expect(await reasonOf(project)).toBe("no runner takes builds without tags");
    const response = await consumer("GET", `/projects/${project.id}/jobs`);
    const listed = await response.json<Entity[]>();
    expect(listed.map((job) => job["pending_reason"])).toEqual([
      "no runner takes builds without tags",
      "no runner has the tags arm, mac",
      "no runner that has the tags linux is online",
    ]);
  });

  test("when every runner is paused", async () => {
    const project = await createProject();
    await registerRunner(project.id, { paused: true });
    expect(await reasonOf(project)).toBe("every runner that takes builds without tags is paused");
  });

  test("when the runners are busy", async () => {
    const { project } = await startJob();
    expect(await reasonOf(project)).toBe("waiting for a runner to become free");
  });

  test("when a runner has taken it that doesn't run it yet", async () => {
    const project = await createProject();
    const job = await createJob(project.id);
    const runner = await registerRunner(project.id);
    await claim(runner, { twoPhase: true });
    const shown = { id: job.id, status: "pending", pending_reason: `runner ${runner.id} is about to run it` };
    expect(await entity(200, "GET", `/projects/${project.id}/jobs/${job.id}`)).toMatchObject(shown);
    expect(await entity(200, "GET", `/projects/${project.id}/jobs`)).toMatchObject([shown]);
  });
});
