import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { queueStub } from "../../src/stubs.ts";
import { consumer } from "../tools/objects/fixtures.ts";
import {
  legacy,
  newProject,
  newRunner,
  ORIGIN,
  patch,
  RUNNER_1_11_5,
  runningBuild,
} from "../tools/clients/legacy-api.ts";
import { runnerIdOf } from "../tools/runners/fake-runner.ts";
import { LegacyClient } from "../tools/clients/legacy-client.ts";

const reset = async (token: string): Promise<string> => {
  const response = await consumer("POST", `/runners/${runnerIdOf(token)}/reset_authentication_token`);
  expect(response.status).toBe(201);
  const body = await response.json<{ token: string; token_expires_at: null }>();
  expect(body.token_expires_at).toBeNull();
  return body.token;
};

const poll = (token: string, lastUpdate?: string) =>
  legacy("POST", "/builds/register", {
    json: { token, last_update: lastUpdate },
    headers: { "User-Agent": RUNNER_1_11_5 },
  });

test("after a reset the old token gets no work and the new one does", async () => {
  const runner = await newRunner(await newProject());
  const token = await reset(runner.token);
  expect(token).not.toBe(runner.token);
  expect((await poll(runner.token)).status).toBe(403);
  expect((await poll(token)).status).toBe(204);
});

test("a build that runs when its runner's token is reset may still be reported on with the old one", async () => {
  const { runner, build } = await runningBuild();
  const token = await reset(runner.token);
  expect((await patch(build, 0, "still here.")).status).toBe(202);
  expect(await runner.update(build.id, "running")).toBe(200);
  const renewed = new LegacyClient(ORIGIN, token, (url, init) => exports.default.fetch(new Request(url, init)));
  expect(await renewed.update(build.id, "success", "still here. done.")).toBe(200);
});

test("a held poll of the old token ends at once", async () => {
  const runner = await newRunner(await newProject());
  const cursor = (await poll(runner.token)).headers.get("X-GitLab-Last-Update") ?? "";
  const held = poll(runner.token, cursor);
  // Calls of one object are served in order: when this one is answered, the poll is held.
  await queueStub(env).runner(runnerIdOf(runner.token));
  await reset(runner.token);
  expect((await held).status).toBe(403);
});

test("a runner that doesn't exist can't be reset", async () => {
  expect((await consumer("POST", "/runners/999999999/reset_authentication_token")).status).toBe(404);
});
