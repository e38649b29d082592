import { allRunners } from "../tools/objects/runners-stored.ts";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { RunnerSummary } from "../../src/core/runner/runner.ts";
import { queueStub } from "../../src/stubs.ts";
import {
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  REGISTRATION_TOKEN,
  RUNNER_1_11_5,
  runnersToken,
  summaryOf,
  valueOf,
} from "../tools/clients/legacy-api.ts";

interface Registered {
  readonly id: number;
  readonly token: string;
}

const INFO = {
  name: "gitlab-ci-multi-runner",
  version: "1.11.5",
  revision: "7a6bc8d",
  platform: "linux",
  architecture: "amd64",
};

const runnerOf = async (response: Response): Promise<RunnerSummary> => {
  expect(response.status).toBe(201);
  const { id } = await response.json<Registered>();
  return valueOf(await queueStub(env).runner(id));
};

const register = (json: object) => legacy("POST", "/runners/register.json", { json });

const registerWith = async (json: object): Promise<Registered> => (await register(json)).json<Registered>();

const runnerCount = async (): Promise<number> => (await allRunners()).length;

const multipart = (fields: Record<string, string>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

describe("POST runners/register", () => {
  const fields = {
    token: REGISTRATION_TOKEN,
    description: "edge-1",
    tag_list: " shell, linux,,shell ",
    run_untagged: "0",
  };
  const form = new URLSearchParams({ ...fields, "info[version]": "1.11.5", "info[platform]": "linux" });

  test.each([
    ["JSON", "", { json: { ...fields, run_untagged: false, info: INFO } }],
    ["JSON with a list of tags", "", { json: { ...fields, tag_list: ["shell", "linux"], info: INFO } }],
    ["a form", "", { body: form }],
    ["multipart", "", { body: multipart(Object.fromEntries(form)) }],
    ["the query", `?${form.toString()}`, {}],
  ])("takes its parameters from %s, with and without .json", async (_where, query, request) => {
    for (const suffix of ["", ".json"]) {
      const runner = await runnerOf(await legacy("POST", `/runners/register${suffix}${query}`, request));
      expect(runner).toMatchObject({
        description: "edge-1",
        tags: ["shell", "linux"],
        runUntagged: false,
        paused: false,
        info: { version: "1.11.5", platform: "linux" },
      });
    }
  });

  test("answers with the number and the token that the runner then uses", async () => {
    const response = await register({ token: REGISTRATION_TOKEN });
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    const registered = await response.json<Registered>();
    expect(registered).toEqual({ id: expect.any(Number), token: expect.stringMatching(/^[\w-]+$/) });
    expect((await legacy("PUT", "/builds/-1", { json: { token: registered.token } })).status).toBe(404);
  });

  test("takes builds without tags unless told otherwise", async () => {
    expect(await runnerOf(await register({ token: REGISTRATION_TOKEN }))).toMatchObject({
      tags: [],
      runUntagged: true,
    });
  });

  test("with the instance's token makes a runner for all projects, with a project's one for that project", async () => {
    const project = await newProject();
    expect((await runnerOf(await register({ token: REGISTRATION_TOKEN }))).projects).toBeNull();
    expect((await runnerOf(await register({ token: await runnersToken(project) }))).projects).toEqual([project.id]);
  });

  test("stores what the runner says of itself, and what it says when it polls", async () => {
    const { id, token } = await registerWith({ token: REGISTRATION_TOKEN, info: INFO });
    const info = async () => valueOf(await queueStub(env).runner(id)).info;
    expect(await info()).toMatchObject(INFO);
    const polled = { ...INFO, version: "1.11.6", executor: "shell", features: { variables: true, cache: false } };
    await legacy("POST", "/builds/register", { json: { token, info: polled } });
    expect(await info()).toEqual(polled);
    await legacy("POST", "/builds/register", { json: { token } });
    expect(await info(), "a poll that says nothing of the runner").toEqual(polled);
  });

  test.each([
    ["no token", {}, 400, '400 (Bad request) "token" not given'],
    ["an unknown token", { token: "no-such-token" }, 403, "403 Forbidden"],
    [
      "a runner that could take nothing",
      { token: REGISTRATION_TOKEN, run_untagged: false, tag_list: " , " },
      404,
      "404 Not found",
    ],
    [
      "a switch that is neither on nor off",
      { token: REGISTRATION_TOKEN, run_untagged: "maybe" },
      400,
      '400 (Bad request) "run_untagged" is invalid',
    ],
  ])("refuses %s and registers nothing", async (_what, json, status, message) => {
    const before = await runnerCount();
    const response = await register(json);
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body: { message } });
    expect(await runnerCount()).toBe(before);
  });
});

describe("DELETE runners/delete", () => {
  const verify = async (token: string) => (await legacy("PUT", "/builds/-1", { json: { token } })).status;

  test.each([
    ["JSON", (token: string) => legacy("DELETE", "/runners/delete", { json: { token } })],
    ["a form", (token: string) => legacy("DELETE", "/runners/delete", { body: new URLSearchParams({ token }) })],
    ["the query", (token: string) => legacy("DELETE", `/runners/delete.json?token=${token}`)],
  ])("by %s removes the runner, whose token is unknown from then on", async (_where, remove) => {
    const { token } = await registerWith({ token: REGISTRATION_TOKEN });
    expect(await verify(token)).toBe(404);
    expect((await remove(token)).status).toBe(200);
    expect(await verify(token)).toBe(403);
    expect((await remove(token)).status).toBe(403);
    const poll = await legacy("POST", "/builds/register", {
      json: { token },
      headers: { "User-Agent": RUNNER_1_11_5 },
    });
    expect(poll.status).toBe(403);
  });

  test("fails what the runner had in hand", async () => {
    const project = await newProject();
    await enqueue(project);
    const runner = await newRunner(project);
    const build = await claim(runner);
    expect(await runner.unregister()).toBe(200);
    expect(
      await vi.waitUntil(async () => {
        const now = await summaryOf(build.id);
        return now.status === "running" ? null : now;
      }),
    ).toMatchObject({ status: "failed", failureReason: "runner_system_failure" });
  });

  test.each([
    ["no token", {}, 400, '400 (Bad request) "token" not given'],
    ["an unknown token", { token: "no-such-token" }, 403, "403 Forbidden"],
    ["the token that only registers", { token: REGISTRATION_TOKEN }, 403, "403 Forbidden"],
  ])("refuses %s", async (_what, json, status, message) => {
    const response = await legacy("DELETE", "/runners/delete", { json });
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body: { message } });
  });
});
