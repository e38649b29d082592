/** Today's runner API as a client inside workerd sees it, and jobs to try it on. */
import type { Project } from "../../../src/core/project.ts";
import type { BuildSpec } from "../../../src/core/build/spec.ts";
import type { Part } from "./multipart.ts";
import { CONTENT_TYPE, form } from "./multipart.ts";
import { appFetch, call, enqueue, newProject, ORIGIN, runnersToken } from "./legacy-api.ts";
import { ModernClient } from "./modern-client.ts";
import type { ModernJob } from "./modern-job.ts";
import { RELEASE_19 } from "./modern-release.ts";
import type { Release } from "./modern-release.ts";
import type { BuildKey, RunnerOptions } from "./runner-wire.ts";

type Sent = Parameters<typeof call>[2];

export const v4 = (method: string, path: string, options: Sent = {}): Promise<Response> =>
  call(method, `/api/v4${path}`, options);

/** A runner of this project alone, so that tests don't take each other's builds. */
export const newModernRunner = async (
  project: Project,
  release: Release = RELEASE_19,
  options: RunnerOptions = {},
): Promise<ModernClient> =>
  ModernClient.register(ORIGIN, await runnersToken(project), options, { release, fetch: appFetch });

/** The job that this runner gets now. */
export const claimJob = async (runner: ModernClient): Promise<ModernJob> => {
  const answer = await runner.poll();
  if (answer.kind !== "job") throw new Error(`no job: ${JSON.stringify(answer)}`);
  return answer.job;
};

/** A job that a runner of its own has claimed, and said that it runs. */
export const runningJob = async (release: Release = RELEASE_19, change: Partial<BuildSpec> = {}) => {
  const project = await newProject();
  const id = await enqueue(project, change);
  const runner = await newModernRunner(project, release);
  const job = await claimJob(runner);
  const { status } = await runner.update(job, { state: "running", output: {} });
  if (status !== 200) throw new Error(`running: ${status}`);
  return { project, runner, id, job };
};

/** PATCHes `text` at `start`; the end of the range is what today's runners send, or `end`. */
export const patchJob = (job: BuildKey, start: number, text: string, end?: string): Promise<Response> =>
  v4("PATCH", `/jobs/${job.id}/trace`, {
    headers: {
      "JOB-TOKEN": job.token,
      "Content-Range": `${start}-${end ?? start + new TextEncoder().encode(text).length - 1}`,
      "Content-Type": "text/plain",
    },
    body: text,
  });

export const putJob = (job: BuildKey, report: object): Promise<Response> =>
  v4("PUT", `/jobs/${job.id}`, { json: { token: job.token, ...report } });

/** `query` names type and format. */
export const uploadTo = (
  job: BuildKey,
  parts: readonly Part[],
  query = "?artifact_type=archive&artifact_format=zip",
): Promise<Response> =>
  v4("POST", `/jobs/${job.id}/artifacts${query}`, {
    headers: { "Content-Type": CONTENT_TYPE, "JOB-TOKEN": job.token },
    body: form(...parts),
  });

export const downloadFrom = (job: BuildKey, headers: Record<string, string> = {}): Promise<Response> =>
  v4("GET", `/jobs/${job.id}/artifacts`, { headers: { "JOB-TOKEN": job.token, ...headers } });

/** What a runner goes by: the code, what the job is said to be, and where its log ends. */
export const told = async (response: Response | Promise<Response>): Promise<string> => {
  const { status, headers } = await response;
  await (await response).arrayBuffer();
  return [status, headers.get("Job-Status"), headers.get("Range")].filter((word) => word !== null).join(" ");
};
