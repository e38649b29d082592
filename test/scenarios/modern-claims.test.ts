/** Claims that today's runners confirm: until then the job is theirs, and pending. Pain 13 of pains-builds.test.ts. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { buildStub } from "../../src/stubs.ts";
import { DIALECTS, runnerFor, workFor } from "../tools/runners/dialects.ts";
import { runnerIdOf } from "../tools/runners/fake-runner.ts";
import { enqueue, newProject } from "../tools/clients/legacy-api.ts";
import { claimJob, newModernRunner, patchJob, putJob, told } from "../tools/clients/modern-api.ts";
import { RELEASE_14, RELEASE_19, without } from "../tools/clients/modern-release.ts";
import { advance, holdTime, msToChange } from "../tools/objects/objects.ts";
import { cancelJob, historyOf, jobOf } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const SECOND = 1000;
const LEASE = 120 * SECOND;

/** A job that a runner of 19.3 has, and hasn't spoken for. */
const boundJob = async () => {
  const project = await newProject();
  const id = await enqueue(project);
  const runner = await newModernRunner(project);
  return { project, id, runner, job: await claimJob(runner) };
};

test("a two-phase runner has the job for itself while it is pending, and runs it by its own word", async () => {
  const { project, id, runner, job } = await boundJob();
  for (const dialect of DIALECTS) expect(await (await runnerFor(dialect, project)).poll()).toEqual({ kind: "nothing" });
  expect(await jobOf(project, id)).toMatchObject({
    status: "pending",
    started_at: null,
    pending_reason: `runner ${runnerIdOf(runner.token)} is about to run it`,
  });
  advance(5 * SECOND);
  await evictAllDurableObjects();
  expect(await told(putJob(job, { state: "running", output: {} }))).toBe("200 running");
  const running = { status: "running", started_at: new Date().toISOString() };
  expect(await jobOf(project, id)).toMatchObject(running);
  advance(5 * SECOND);
  // Its answer was lost: once more.
  expect(await told(putJob(job, { state: "running", output: {} }))).toBe("200 running");
  expect(await jobOf(project, id)).toMatchObject(running);
  expect(await told(putJob(job, { state: "pending" }))).toBe("400 running");
});

test("a claim that is not confirmed goes back to the front after its lease, and its runner is refused", async () => {
  const { project, id, runner, job } = await boundJob();
  const younger = await enqueue(project);
  expect(await msToChange(buildStub(env, id))).toBe(LEASE);
  expect(await told(putJob(job, { state: "running", output: {} }))).toMatch(/^403 /);
  expect(await told(putJob(job, { state: "pending" }))).toMatch(/^403 /);
  expect(await told(patchJob(job, 0, "late"))).toMatch(/^403 /);
  const other = await newModernRunner(project);
  const again = await claimJob(other);
  expect([again.id, (await claimJob(other)).id]).toEqual([id, younger]);
  expect(await runner.poll()).toEqual({ kind: "nothing" });
  expect(await told(putJob(again, { state: "running", output: {} }))).toBe("200 running");
  expect(await historyOf(project, id)).toContain(
    `runner ${runnerIdOf(runner.token)} gave no sign of life after its claim`,
  );
});

test("a runner that prepares its job keeps it by saying so, as long as it says so", async () => {
  const { project, id, job } = await boundJob();
  for (let seconds = 0; seconds < 500; seconds += 100) {
    advance(100 * SECOND);
    expect(await told(putJob(job, { state: "pending" }))).toBe("200 pending");
  }
  expect(await jobOf(project, id)).toMatchObject({ status: "pending" });
  expect(await (await newModernRunner(project)).poll()).toEqual({ kind: "nothing" });
  expect(await msToChange(buildStub(env, id))).toBe(LEASE);
  expect(await told(putJob(job, { state: "pending" }))).toMatch(/^403 /);
  expect((await claimJob(await newModernRunner(project))).id).toBe(id);
});

test.each([
  { name: "19.3 by an executor without two phases", release: without(RELEASE_19, "two_phase_job_commit") },
  { name: "14.6", release: RELEASE_14 },
])("a job that $name claims runs at once, and comes back when nothing is heard of it", async ({ release }) => {
  const project = await newProject();
  const id = await enqueue(project);
  const job = await claimJob(await newModernRunner(project, release));
  expect(await jobOf(project, id)).toMatchObject({ status: "running", started_at: new Date().toISOString() });
  expect(await msToChange(buildStub(env, id))).toBe(LEASE);
  const again = await claimJob(await newModernRunner(project, release));
  expect(again.id).toBe(id);
  expect(await told(putJob(job, { state: "running", output: {} }))).toMatch(/^403 /);
  expect(await told(putJob(again, { state: "running", output: {} }))).toBe("200 running");
  // It has been heard of: from here on silence is another matter.
  expect(await msToChange(buildStub(env, id))).toBeGreaterThan(LEASE);
});

test("a job that is canceled before its runner has confirmed it never runs", async () => {
  const { project, id, job } = await boundJob();
  expect(await cancelJob(project, id)).toMatchObject({ status: "canceled" });
  expect(await told(putJob(job, { state: "running", output: {} }))).toBe("403 canceled");
  expect(await jobOf(project, id)).toMatchObject({ status: "canceled", started_at: null });
});

test("a job whose runner unregisters before it has confirmed waits for the next one", async () => {
  const { project, id, runner } = await boundJob();
  expect(await runner.unregister()).toBe(204);
  await expect.poll(() => jobOf(project, id)).toMatchObject({ status: "pending", runner: null });
  const next = await runnerFor(DIALECTS[0] ?? expect.fail(), project);
  expect((await workFor(next)).id).toBe(id);
});
