/**
 * What a real runner 14.6.0 sent to a recording stand-in, sent again. Where we answer otherwise than the stand-in did,
 * `OTHERWISE` says so, and why the runner comes to the same end.
 */
import { crc32 } from "node:zlib";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub } from "../../src/stubs.ts";
import { enqueue, newProject, runnersToken, summaryOf, traceText } from "../tools/clients/legacy-api.ts";
import type { ModernJob } from "../tools/clients/modern-job.ts";
import { alterTrace } from "../tools/objects/objects.ts";
import { jobOf } from "../tools/runners/scenario.ts";
import recording from "../tools/wire/gitlab-runner-14.6.0.json";
import { FILE, nameOf, patchedLog, Replay } from "../tools/wire/replay.ts";
import type { Exchange } from "../tools/wire/replay.ts";

const EXCHANGES: readonly Exchange[] = recording.exchanges;

/** A runner that can't wind down is told of a cancel by a refusal, and nothing more is taken of it. */
const OTHERWISE: Readonly<Record<string, number>> = {
  "PATCH /api/v4/jobs/103/trace 990-1010": 403,
  "PATCH /api/v4/jobs/103/trace 990-1090": 403,
  "PATCH /api/v4/jobs/103/trace 1011-1090": 403,
  "PUT /api/v4/jobs/103 failed": 403,
};

/** The stand-in told of the cancel in its answer to this. */
const CANCELED_BEFORE = "PATCH /api/v4/jobs/103/trace 990-1010";
/** Before it had this, the stand-in dropped the last five bytes of what it had. */
const DROPPED_BEFORE = "PATCH /api/v4/jobs/104/trace 987-1007";
const DROPPED_BYTES = 5;

const checksumOf = (log: string): string => `crc32:${crc32(log).toString(16).padStart(8, "0")}`;

/** What 14.6.0 reads of an answer of each kind, beside its status. */
const check = async (name: string, response: Response): Promise<unknown> => {
  const { status, headers } = response;
  expect(headers.has("X-GitLab-Last-Update"), name).toBe(status === 204);
  const isRead = status === 201 && !name.endsWith("/artifacts");
  // In any other type a claimed job would be lost.
  if (isRead) expect(headers.get("Content-Type"), name).toMatch(/^application\/json(;|$)/);
  if (/^(PUT|PATCH)/.test(name)) expect(headers.get("Job-Status"), name).toMatch(/^\w+$/);
  if (status === 416) expect(headers.get("Range"), name).toMatch(/^0-\d+$/);
  if (isRead) return response.json();
  await response.arrayBuffer();
  return null;
};

test("a recorded runner 14.6.0 comes to the end it came to", async () => {
  const project = await newProject();
  const replay = new Replay();
  replay.set("reg-token", await runnersToken(project));
  for (const { request } of EXCHANGES) {
    const said = (request.body as { checksum?: string } | null)?.checksum;
    // Names in the recorded logs were replaced by others of the same length, the sums of the logs were not.
    if (said !== undefined) replay.set(said, checksumOf(patchedLog(EXCHANGES, `${request.path}/trace`)));
  }
  const tags = ["linux", "shell"];
  const first = await enqueue(project, { name: "job101", tags });
  const ids = [first, await enqueue(project, { name: "job102", tags, dependencies: [first] })];
  for (const name of ["job103", "job104"]) ids.push(await enqueue(project, { name, tags }));
  const claimed: ModernJob[] = [];
  const jobStatuses = new Map<string, string | null>();

  for (const exchange of EXCHANGES) {
    const name = nameOf(exchange);
    if (name === CANCELED_BEFORE) await buildStub(env, ids[2] ?? 0).cancel(ADMINISTRATOR, false);
    if (name === DROPPED_BEFORE)
      await alterTrace(buildStub(env, ids[3] ?? 0), (bytes) => bytes.slice(0, -DROPPED_BYTES));
    // The recorded cursor stays as it is: ours would have this poll held.
    const response = await replay.send(exchange);
    const expected = OTHERWISE[name] ?? exchange.response.status;
    expect({ name, status: response.status }).toEqual({ name, status: expected });
    jobStatuses.set(name, response.headers.get("Job-Status"));
    const answer = await check(name, response);
    if (name === "POST /api/v4/runners") replay.set("runner-token-1", (answer as { token: string }).token);
    if (name.endsWith("jobs/request") && response.status === 201) {
      const job = answer as ModernJob;
      const number = 101 + claimed.push(job) - 1;
      replay.set(String(number), String(job.id));
      replay.set(`build-token-${number}`, job.token);
      // It downloads by the token that the stand-in gave for the dependency: ours is the dependant's own.
      for (const { token } of job.dependencies) replay.set("GET build-token-101", token);
    }
  }

  expect(claimed.map((job) => job.id)).toEqual(ids);
  const jobs = await Promise.all(ids.map((id) => jobOf(project, id)));
  expect(jobs.map(({ status }) => status)).toEqual(["success", "failed", "canceled", "success"]);
  expect(jobs.map((job) => job["trace_verified"])).toEqual([true, true, null, true]);
  expect(jobs[1]).toMatchObject({ failure_reason: "script_failure" });
  expect(jobStatuses.get(CANCELED_BEFORE)).toBe("canceled");
  expect((await summaryOf(first)).artifacts).toMatchObject([{ filename: "artifacts.zip", sizeBytes: FILE.length }]);

  for (const number of [101, 102, 104]) {
    const log = patchedLog(EXCHANGES, `/api/v4/jobs/${number}/trace`);
    expect(await traceText(ids[number - 101] ?? 0)).toBe(log);
  }
  // All but what came with and after the cancel.
  const canceled = patchedLog(EXCHANGES, "/api/v4/jobs/103/trace");
  expect(await traceText(ids[2] ?? 0)).toBe(canceled.split("tick 7")[0]);
});
