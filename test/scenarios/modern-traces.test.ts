/** Logs of today's runners: verified by size and CRC-32 at the end, sent more often while somebody watches. */
import { env } from "cloudflare:workers";
import { evictAllDurableObjects } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import { bytesOf } from "../tools/clients/multipart.ts";
import { outputOf } from "../tools/runners/fake-modern-runner.ts";
import { consumer } from "../tools/objects/fixtures.ts";
import { traceText } from "../tools/clients/legacy-api.ts";
import { patchJob, putJob, runningJob, told } from "../tools/clients/modern-api.ts";
import { RELEASE_19, without } from "../tools/clients/modern-release.ts";
import { advance, crash, holdTime } from "../tools/objects/objects.ts";
import { jobOf, logShown } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const LOG = "hello é\n";
const OUTPUT = outputOf(bytesOf(LOG));

/** A job whose server has all of its log, and not what `output` says. */
const WRONG = [
  { what: "another size", output: { ...OUTPUT, bytesize: 10 } },
  { what: "another sum", output: outputOf(bytesOf("hallo é\n")) },
];

const loggedJob = async (release = RELEASE_19) => {
  const running = await runningJob(release);
  expect(await told(patchJob(running.job, 0, LOG))).toBe("202 running 0-9");
  return running;
};

test("a log of the size and sum that its runner says is verified", async () => {
  const { project, id, job } = await loggedJob();
  expect(await told(putJob(job, { state: "success", output: OUTPUT }))).toBe("200 success");
  expect(await jobOf(project, id)).toMatchObject({ status: "success", trace_verified: true });
});

describe.each(WRONG)("a log of $what than its runner says", ({ output }) => {
  test("is dropped, sent anew and then verified, and the job doesn't end before", async () => {
    const { project, id, job } = await loggedJob();
    expect(await told(putJob(job, { state: "success", output }))).toBe("412 running");
    expect(await jobOf(project, id)).toMatchObject({ status: "running", finished_at: null });
    expect(await traceText(id)).toBe("");
    await evictAllDurableObjects();
    expect(await told(patchJob(job, 0, LOG))).toBe("202 running 0-9");
    expect(await told(putJob(job, { state: "success", output: OUTPUT }))).toBe("200 success");
    expect(await jobOf(project, id)).toMatchObject({ status: "success", trace_verified: true });
    expect(await logShown(project, id)).toBe(LOG);
  });

  test("is taken at the third report, also after crashes, and marked", async () => {
    const { project, id, job } = await loggedJob();
    for (let tries = 0; tries < 2; tries++) {
      expect(await told(putJob(job, { state: "failed", failure_reason: "script_failure", output }))).toBe(
        "412 running",
      );
      await crash(buildStub(env, id));
      expect(await told(patchJob(job, 0, LOG))).toBe("202 running 0-9");
    }
    const report = { state: "failed", failure_reason: "script_failure", exit_code: 3, output };
    expect(await told(putJob(job, report))).toBe("200 failed");
    expect(await told(putJob(job, report))).toBe("200 failed");
    expect(await jobOf(project, id)).toMatchObject({
      status: "failed",
      failure_reason: "script_failure",
      trace_verified: false,
    });
    expect(await logShown(project, id)).toBe(LOG);
  });

  test("is taken at once, and marked, of a runner that can't send it anew", async () => {
    const { project, id, job } = await loggedJob(without(RELEASE_19, "trace_reset"));
    expect(await told(putJob(job, { state: "success", output }))).toBe("200 success");
    expect(await jobOf(project, id)).toMatchObject({ status: "success", trace_verified: false });
    expect(await logShown(project, id)).toBe(LOG);
  });
});

test("a log that its runner says nothing of is taken as it is", async () => {
  const { project, id, job } = await loggedJob();
  expect(await told(putJob(job, { state: "success" }))).toBe("200 success");
  expect(await jobOf(project, id)).toMatchObject({ status: "success", trace_verified: null });
});

test("what a runner has written while it runs may be more than it has sent", async () => {
  const { project, id, job } = await loggedJob();
  const output = outputOf(bytesOf(`${LOG}and more`));
  expect(await told(putJob(job, { state: "running", output }))).toBe("200 running");
  expect(await traceText(id)).toBe(LOG);
  expect(await jobOf(project, id)).toMatchObject({ status: "running" });
});

describe("a runner sends its log", () => {
  const intervalOf = async (response: Promise<Response>): Promise<string | null> =>
    (await response).headers.get("X-GitLab-Trace-Update-Interval");

  test("every three seconds for half a minute after somebody has read it, else every minute", async () => {
    const { project, id, job } = await runningJob();
    expect(await intervalOf(patchJob(job, 0, "one\n"))).toBe("60");
    await logShown(project, id);
    expect(await intervalOf(patchJob(job, 4, "two\n"))).toBe("3");
    advance(29_000);
    expect(await intervalOf(patchJob(job, 8, "three\n"))).toBe("3");
    advance(2000);
    expect(await intervalOf(patchJob(job, 14, "four\n"))).toBe("60");
  });

  test("every three seconds as long as somebody follows it", async () => {
    const { project, id, job } = await runningJob();
    await patchJob(job, 0, "one.\n");
    const following = await consumer("GET", `/projects/${project.id}/jobs/${id}/trace?follow=true`);
    const reader = following.body?.getReader();
    await reader?.read();
    advance(600_000);
    expect(await intervalOf(patchJob(job, 5, "two.\n"))).toBe("3");
    await putJob(job, { state: "success" });
    await reader?.cancel();
  });
});

test("a sum of a kind that isn't known is no reason to refuse a report, nor to call the log wrong", async () => {
  const { project, id, job } = await loggedJob();
  const output = { checksum: "sha256:00", bytesize: OUTPUT.bytesize };
  expect(await told(putJob(job, { state: "success", output }))).toBe("200 success");
  expect(await jobOf(project, id)).toMatchObject({ trace_verified: null });
});
