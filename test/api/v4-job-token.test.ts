/** What a job may read by its own token: what GitLab lists, within its project. */
import { describe, expect, it } from "vitest";
import { consumer, createProject, finish, startJob, storeArchive } from "../tools/objects/fixtures.ts";

const WAYS: readonly [way: string, sent: (token: string) => { headers: Record<string, string>; query: string }][] = [
  ["JOB-TOKEN", (token) => ({ headers: { "JOB-TOKEN": token }, query: "" })],
  ["a bearer token", (token) => ({ headers: { Authorization: `Bearer ${token}` }, query: "" })],
  ["the query", (token) => ({ headers: {}, query: `?job_token=${token}` })],
];

const statusOf = async (method: string, path: string, headers: Record<string, string>): Promise<number> =>
  (await consumer(method, path, { headers: { "PRIVATE-TOKEN": "none", ...headers } })).status;

describe.each(WAYS)("by %s", (_way, sent) => {
  it("a job lists its project's jobs and downloads their artifacts", async () => {
    const { project, job, claimed } = await startJob();
    await storeArchive(claimed, "the archive");
    const { headers, query } = sent(claimed.token);
    for (const id of [project.id, encodeURIComponent(String(project["path_with_namespace"]))]) {
      const listed = await consumer("GET", `/projects/${id}/jobs${query}`, {
        headers: { "PRIVATE-TOKEN": "", ...headers },
      });
      expect(await listed.json()).toMatchObject([{ id: job.id }]);
      expect(await statusOf("GET", `/projects/${id}/jobs/${job.id}/artifacts${query}`, headers)).toBe(200);
    }
  });

  it("a job of another project sees no such project", async () => {
    const { claimed } = await startJob();
    const { headers, query } = sent(claimed.token);
    expect(await statusOf("GET", `/projects/${(await createProject()).id}/jobs${query}`, headers)).toBe(404);
  });

  it("a job that has ended is nobody", async () => {
    const { project, claimed } = await startJob();
    await finish(claimed);
    const { headers, query } = sent(claimed.token);
    expect(await statusOf("GET", `/projects/${project.id}/jobs${query}`, headers)).toBe(401);
  });
});

it.each([
  ["GET", ""],
  ["PUT", ""],
  ["DELETE", ""],
  ["POST", "/jobs"],
  ["GET", "/jobs/:job"],
  ["GET", "/jobs/:job/trace"],
  ["POST", "/jobs/:job/cancel"],
  ["DELETE", "/jobs/:job/artifacts"],
])("%s projects/:id%s is not for a job", async (method, path) => {
  const { project, job, claimed } = await startJob();
  const url = `/projects/${project.id}${path.replace(":job", String(job.id))}`;
  expect(await statusOf(method, url, { "JOB-TOKEN": claimed.token })).toBe(401);
});
