/**
 * What users of other coordinators suffer from, and this one must not do to them: the rows about the fate of a build. Each
 * title names its row; 5 to 8 stand in pains-queue.test.ts, 9 to 12 in pains-bytes.test.ts, what every runner may meet in
 * lives-disturbed.test.ts (1, 2, 13), two-phase claims and winding down in modern-claims.test.ts and modern-cancel.test.ts
 * (13, 14), and in test/api the race for one build (13) and the reasons of pending jobs (15).
 *
 * Left to the issue of pipelines: the state of one that has more than one job (4).
 */
import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import { claim, enqueue, newProject, newRunner, patch, runningBuild } from "../tools/clients/legacy-api.ts";
import { refusalOf } from "../tools/clients/legacy-artifacts.ts";
import { advance, crash, fireAlarm, holdTime, msToChange, rowsOf, toNextAlarm } from "../tools/objects/objects.ts";
import { cancelJob, historyOf, jobOf, listedJob } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const SECOND = 1000;
const LEASE = 120 * SECOND;

test("pain 1: a build that nobody picks up fails for that after a day", async () => {
  const project = await newProject();
  const neverPicked = await enqueue(project);
  expect(await msToChange(buildStub(env, neverPicked))).toBe(86_400 * SECOND);
  expect(await jobOf(project, neverPicked)).toMatchObject({ failure_reason: "stuck_or_timeout_failure" });
});

test("pain 3: a refused runner is told why, and an end that it missed is no refusal", async () => {
  const { project, runner, build: lost } = await runningBuild();
  await msToChange(buildStub(env, lost.id));
  const build = await claim(runner);
  expect(await refusalOf(await patch(lost, 0, "late"))).toEqual({
    status: 403,
    message: "403 Forbidden - this token is good no more: its attempt is over, or it was reset",
  });
  await patch(build, 0, "in time.\n");
  await cancelJob(project, build.id);
  const missed = await patch(build, 9, "more");
  expect([missed.status, missed.headers.get("Build-Status"), missed.headers.get("Range")]).toEqual([
    202,
    "canceled",
    "0-9",
  ]);
});

test("pain 4: a list that missed the end of a job catches up by the build's own alarm, and its runner never knew", async () => {
  const { project, runner, build } = await runningBuild();
  const projectObject = projectStub(env, project.id);
  await rowsOf(
    projectObject,
    "CREATE TRIGGER down BEFORE UPDATE ON build BEGIN SELECT RAISE(ABORT, 'the project is down'); END",
  );
  expect(await runner.update(build.id, "success")).toBe(200);
  expect(await listedJob(project, build.id)).not.toMatchObject({ status: "success" });
  await rowsOf(projectObject, "DROP TRIGGER down");
  advance(10 * SECOND);
  await fireAlarm(buildStub(env, build.id));
  expect(await listedJob(project, build.id)).toMatchObject({ status: "success", pipeline: { status: "success" } });
});

test("pain 15: what waits is handed out after a restart of the queue, in its order", async () => {
  const project = await newProject();
  const ids = [await enqueue(project), await enqueue(project)];
  const runner = await newRunner(project);
  await crash(queueStub(env));
  expect([(await claim(runner)).id, (await claim(runner)).id]).toEqual(ids);
});

test("pain 15: a job that no runner gets along with fails after three lost claims, and holds up nobody meanwhile", async () => {
  const project = await newProject();
  const [bad, good] = [await enqueue(project), await enqueue(project)];
  // The answer can't be rendered, so that no runner ever gets it.
  await rowsOf(buildStub(env, bad), "UPDATE spec SET spec = json_remove(spec, '$.beforeScript')");
  await evictDurableObject(buildStub(env, bad));
  const runner = await newRunner(project);
  expect(await runner.poll()).toEqual({ kind: "refused", status: 500 });
  expect((await claim(runner)).id).toBe(good);
  expect(await msToChange(buildStub(env, bad))).toBe(LEASE);
  for (let lost = 2; lost <= 3; lost++) {
    expect(await runner.poll()).toEqual({ kind: "refused", status: 500 });
    expect(await msToChange(buildStub(env, bad))).toBe(LEASE);
  }
  expect(await jobOf(project, bad)).toMatchObject({ status: "failed", failure_reason: "scheduler_failure" });
  expect(await runner.poll()).toEqual({ kind: "nothing" });
});

test("pain 15: a job that can't be made ready is tried three times and fails, and holds up nobody meanwhile", async () => {
  const project = await newProject();
  const [bad, good, next] = [await enqueue(project), await enqueue(project), await enqueue(project)];
  await rowsOf(buildStub(env, bad), "UPDATE spec SET spec = json_remove(spec, '$.dependencies')");
  await evictDurableObject(buildStub(env, bad));
  const runner = await newRunner(project);
  expect((await claim(runner)).id).toBe(good);
  expect((await claim(runner)).id).toBe(next);
  for (let tries = 2; tries <= 3; tries++) {
    expect(await jobOf(project, bad)).toMatchObject({ status: "pending" });
    await toNextAlarm(queueStub(env));
    expect(await runner.poll()).toEqual({ kind: "nothing" });
  }
  expect(await jobOf(project, bad)).toMatchObject({ status: "failed", failure_reason: "scheduler_failure" });
  expect((await historyOf(project, bad)).at(-1)).toMatch(
    /^the claim by runner \d+ failed: .*: failed after 3 lost claims$/,
  );
});
