/** Canceling today's runners: those that can wind down, within a limit. Pain 14 of pains-builds.test.ts. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import { bytesOf, noise } from "../tools/clients/multipart.ts";
import { outputOf } from "../tools/runners/fake-modern-runner.ts";
import { file } from "../tools/clients/legacy-artifacts.ts";
import { traceText } from "../tools/clients/legacy-api.ts";
import { patchJob, putJob, runningJob, told, uploadTo } from "../tools/clients/modern-api.ts";
import { RELEASE_14, RELEASE_19, without } from "../tools/clients/modern-release.ts";
import { advance, holdTime, msToChange } from "../tools/objects/objects.ts";
import { cancelJob, jobOf } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const CANCELING_LIMIT = 300_000;

describe("a canceled job whose runner can wind down", () => {
  const canceling = async () => {
    const running = await runningJob();
    expect(await told(patchJob(running.job, 0, "working.\n"))).toBe("202 running 0-9");
    expect(await cancelJob(running.project, running.id)).toMatchObject({ status: "canceling" });
    return running;
  };

  test.each(["failed", "success"])(
    "runs its after_script, uploads, and is canceled when it reports %s",
    async (state) => {
      const { project, id, job } = await canceling();
      expect(await told(putJob(job, { state: "running", output: {} }))).toBe("200 canceling");
      expect(await told(patchJob(job, 9, "after_script.\n"))).toBe("202 canceling 0-23");
      expect((await uploadTo(job, [file(noise(100))])).status).toBe(201);
      const output = outputOf(bytesOf("working.\nafter_script.\n"));
      expect((await putJob(job, { state, output, failure_reason: "job_canceled" })).status).toBe(200);
      expect(await jobOf(project, id)).toMatchObject({ status: "canceled", artifacts: [{ file_type: "archive" }] });
      expect(await traceText(id)).toBe("working.\nafter_script.\n");
    },
  );

  test("is canceled when it has had its time, however much it says, and its runner is told", async () => {
    const { project, id, job } = await canceling();
    advance(CANCELING_LIMIT - 1000);
    expect(await told(patchJob(job, 9, "still at it.\n"))).toBe("202 canceling 0-22");
    expect(await msToChange(buildStub(env, id))).toBe(1000);
    expect(await jobOf(project, id)).toMatchObject({ status: "canceled" });
    expect(await told(patchJob(job, 22, "too late.\n"))).toMatch(/^403 canceled/);
    expect(await told(putJob(job, { state: "failed" }))).toBe("403 canceled");
  });

  test("is canceled again to no effect, and by force at once", async () => {
    const { project, id, job } = await canceling();
    expect(await cancelJob(project, id)).toMatchObject({ status: "canceling" });
    expect(await cancelJob(project, id, true)).toMatchObject({ status: "canceled" });
    expect(await told(patchJob(job, 9, "more"))).toMatch(/^403 canceled/);
    expect(await told(putJob(job, { state: "success" }))).toBe("403 canceled");
    expect(await traceText(id)).toBe("working.\n");
  });
});

test.each([
  { name: "19.3 by an executor that can't wind down", release: without(RELEASE_19, "cancel_gracefully") },
  { name: "14.6", release: RELEASE_14 },
])("a canceled job of $name is over at once", async ({ release }) => {
  const { project, id, job } = await runningJob(release);
  await patchJob(job, 0, "working.\n");
  expect(await cancelJob(project, id)).toMatchObject({ status: "canceled" });
  expect(await told(patchJob(job, 9, "more"))).toMatch(/^403 canceled/);
  expect(await told(putJob(job, { state: "failed" }))).toBe("403 canceled");
  expect((await uploadTo(job, [file("late")])).status).toBe(403);
  expect(await traceText(id)).toBe("working.\n");
});

test("a job whose runner said only after the claim that it can wind down does so", async () => {
  const { project, id, job } = await runningJob(without(RELEASE_19, "cancel_gracefully"));
  const info = { features: { cancel_gracefully: true, trace_reset: true } };
  expect(await told(putJob(job, { state: "running", info }))).toBe("200 running");
  await evictDurableObject(buildStub(env, id));
  expect(await cancelJob(project, id)).toMatchObject({ status: "canceling" });
});
