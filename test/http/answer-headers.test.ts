import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { append, consumer, finish, ORIGIN, startJob, storeArchive } from "../tools/objects/fixtures.ts";

const ADMIN = { "PRIVATE-TOKEN": "test-admin-token" };

/** A finished job with a log and an archive. */
const finishedJob = async () => {
  const started = await startJob();
  await append(started.claimed, 0, "one line\n");
  await storeArchive(started.claimed, "archive");
  await finish(started.claimed);
  return started;
};

const get = async (path: string, headers: Record<string, string> = ADMIN) =>
  exports.default.fetch(`${ORIGIN}${path}`, { headers: { "X-Request-Id": "asked-1", ...headers } });

test("every answer has the id of its request, also streams, refusals and what no route takes", async () => {
  const { path, job } = await finishedJob();
  const answers = await Promise.all([
    get("/api/v4/projects"),
    get(`/api/v4${path}/trace`),
    get(`/api/v4${path}/trace`, { ...ADMIN, Range: "bytes=0-2" }),
    get(`/api/v4${path}/trace`, { ...ADMIN, Range: "bytes=99-" }),
    get(`/api/v4${path}/trace?follow=true`),
    get(`/api/v4${path}/artifacts`),
    get(`/api/v4${path}/artifacts`, { ...ADMIN, Range: "bytes=0-2" }),
    get("/api/v4/projects", {}),
    get(`/ci/api/v1/builds/${job.id}/artifacts`, {}),
    get("/nothing"),
    get("/-/health"),
    get("/-/metrics"),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 206, 416, 200, 200, 206, 401, 403, 404, 200, 200]);
  expect(answers.map(({ headers }) => headers.get("X-Request-Id"))).toEqual(answers.map(() => "asked-1"));
  await Promise.all(answers.map((response) => response.arrayBuffer()));
});

describe("what was asked with a token stays out of shared caches", () => {
  test("projects, jobs, logs, archives and refusals say so in GitLab's words", async () => {
    const { path } = await finishedJob();
    const paths = ["/projects", path, `${path}/trace`, `${path}/artifacts`, "/projects/999999"];
    const answers = await Promise.all(paths.map((each) => consumer("GET", each)));

    for (const { headers } of answers) {
      expect(headers.get("Cache-Control")).toBe("max-age=0, private, must-revalidate");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    }
    await Promise.all(answers.map((response) => response.arrayBuffer()));
  });

  test("so do the archives that runners fetch", async () => {
    const { claimed, job } = await startJob();
    await storeArchive(claimed, "archive");
    const { token } = claimed;
    const legacy = await get(`/ci/api/v1/builds/${job.id}/artifacts`, { "BUILD-TOKEN": token });
    const modern = await get(`/api/v4/jobs/${job.id}/artifacts`, { "JOB-TOKEN": token });

    expect([legacy.status, modern.status]).toEqual([200, 200]);
    for (const response of [legacy, modern]) {
      expect(response.headers.get("Cache-Control")).toBe("max-age=0, private, must-revalidate");
      expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
      await response.arrayBuffer();
    }
  });
});

test("a followed log asks proxies to hand it on as it comes", async () => {
  const { path, claimed } = await startJob();
  await append(claimed, 0, "one line\n");
  await finish(claimed);
  const response = await consumer("GET", `${path}/trace?follow=true`);

  expect(response.headers.get("X-Accel-Buffering")).toBe("no");
  expect(response.headers.get("Cache-Control")).toBe("no-cache, no-transform");
  expect(await response.text()).toBe("one line\n");
});
