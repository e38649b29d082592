/** `GET /job`: what runs in a job learns what it is, by the job's own token. */
import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import { finish, ORIGIN, startJob } from "../tools/objects/fixtures.ts";

const currentJob = async (headers: Record<string, string>, query = ""): Promise<[number, unknown]> => {
  const response = await exports.default.fetch(`${ORIGIN}/api/v4/job${query}`, { headers });
  return [response.status, await response.json()];
};

it("shows the job that asks, by header or query", async () => {
  const { claimed, job, project } = await startJob();
  const shown = { id: job.id, status: "running", pipeline: { project_id: project.id } };
  expect(await currentJob({ "JOB-TOKEN": claimed.token })).toMatchObject([200, shown]);
  expect(await currentJob({ Authorization: `Bearer ${claimed.token}` })).toMatchObject([200, shown]);
  expect(await currentJob({}, `?job_token=${claimed.token}`)).toMatchObject([200, shown]);
});

it("is for nobody else: no token, the administrator's, or one whose attempt is over", async () => {
  const { claimed } = await startJob();
  const over = await startJob();
  await finish(over.claimed);
  const stale = await startJob();
  await buildStub(env, stale.job.id).release(1);
  const unauthorized = [401, { message: "401 Unauthorized" }];
  expect(await currentJob({})).toEqual(unauthorized);
  expect(await currentJob({ "JOB-TOKEN": `${claimed.token}x` })).toEqual(unauthorized);
  expect(await currentJob({ "PRIVATE-TOKEN": "test-admin-token" })).toEqual(unauthorized);
  expect(await currentJob({ "JOB-TOKEN": over.claimed.token })).toEqual(unauthorized);
  expect(await currentJob({ "JOB-TOKEN": stale.claimed.token })).toEqual(unauthorized);
});
