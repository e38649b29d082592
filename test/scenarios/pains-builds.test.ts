/**
 * What users of other coordinators suffer from, and this one must not do to them: the rows about the fate of a build. Each
 * title names its row; 5 to 8 stand in pains-queue.test.ts, 9 to 12 in pains-bytes.test.ts, and what was
 * there before in test/api: the race for one build (13), the reasons of pending jobs (15).
 *
 * Left to the issue of the modern dialect: `Job-Status` on its 403 (3), two-phase claims and winding down on the wire (13, 14:
 * tried on the objects here). Left to the issue of pipelines: the state of one that has more than one job (4).
 */
import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NO_ABILITIES } from "../../src/core/abilities.ts";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import { claim, enqueue, newProject, newRunner, patch, runningBuild, traceText } from "../support/legacy-api.ts";
import { refusalOf } from "../support/legacy-artifacts.ts";
import {
  advance,
  attempt,
  buildOf,
  bytesOf,
  crash,
  fireAlarm,
  holdTime,
  msToChange,
  poll,
  registered,
  rowsOf,
  toNextAlarm,
} from "../support/objects.ts";
import { cancelJob, historyOf, jobOf, listedJob } from "../support/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

const SECOND = 1000;
const LEASE = 120 * SECOND;
const STUCK = 600 * SECOND;

test("pain 1: a build whose runner's host dies fails after ten minutes of silence, and says when it was last heard of", async () => {
  const { project, build } = await runningBuild();
  advance(5 * SECOND);
  await patch(build, 0, "last words.\n");
  const lastHeardOf = new Date().toISOString();
  expect(await msToChange(buildStub(env, build.id))).toBe(STUCK);
  expect(await jobOf(project, build.id)).toMatchObject({ status: "failed", failure_reason: "runner_system_failure" });
  expect((await historyOf(project, build.id)).at(-1)).toBe(`no contact with the runner since ${lastHeardOf}`);
});

test("pain 1: a runner that unregisters fails what it runs at once, for that reason", async () => {
  const { project, runner, build } = await runningBuild();
  await patch(build, 0, "last words.\n");
  expect(await runner.unregister()).toBe(200);
  await expect
    .poll(() => jobOf(project, build.id))
    .toMatchObject({ status: "failed", failure_reason: "runner_system_failure" });
  expect((await historyOf(project, build.id)).at(-1)).toBe("its runner was removed");
  expect((await patch(build, 12, "more")).headers.get("Build-Status")).toBe("failed");
  expect(await runner.update(build.id, "success")).toBe(403);
});

test("pain 1: never picked up, lost, too long: each fails with a reason of its own", async () => {
  const project = await newProject();
  const neverPicked = await enqueue(project);
  expect(await msToChange(buildStub(env, neverPicked))).toBe(86_400 * SECOND);
  expect(await jobOf(project, neverPicked)).toMatchObject({ failure_reason: "stuck_or_timeout_failure" });

  const long = await runningBuild({ timeoutSeconds: 900 });
  for (let minutes = 0; minutes < 25; minutes += 5) {
    expect((await patch(long.build, 0, "")).headers.get("Build-Status")).toBe("running");
    advance(300 * SECOND);
    await fireAlarm(buildStub(env, long.build.id));
  }
  expect(await jobOf(long.project, long.build.id)).toMatchObject({ failure_reason: "job_execution_timeout" });
});

test("pain 2: a final report that is repeated after a lost answer is 200 and changes nothing, also after a crash", async () => {
  const { project, runner, build } = await runningBuild();
  await patch(build, 0, "all is well.\n");
  expect(await runner.update(build.id, "success", "all is well.\nJob succeeded\n")).toBe(200);
  const [job, history] = [await jobOf(project, build.id), await historyOf(project, build.id)];
  for (const disturb of [crash, evictDurableObject, fireAlarm]) {
    advance(20 * SECOND);
    await disturb(buildStub(env, build.id));
    expect(await runner.update(build.id, "success", "all is well.\nJob succeeded\n")).toBe(200);
  }
  expect(await jobOf(project, build.id)).toMatchObject({ status: "success", finished_at: job["finished_at"] });
  expect(await historyOf(project, build.id)).toEqual(history);
  expect(await traceText(build.id)).toBe("all is well.\nJob succeeded\n");
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

test("pain 13: a build whose claim was lost is done once: the late runner is refused, only the second one's word counts", async () => {
  const project = await newProject();
  const [first, second] = [await newRunner(project), await newRunner(project)];
  const id = await enqueue(project);
  const lost = await claim(first);
  expect(await msToChange(buildStub(env, id))).toBe(LEASE);
  const again = await claim(second);
  expect(again.id).toBe(id);
  expect((await patch(lost, 0, "late\n")).status).toBe(403);
  expect(await first.update(id, "running")).toBe(404);
  expect(await first.update(id, "failed", "late\n")).toBe(404);
  expect(await second.update(id, "success", "on time\n")).toBe(200);
  expect(await jobOf(project, id)).toMatchObject({ status: "success", attempt: 2 });
  expect(await traceText(id)).toBe("on time\n");
});

test("pain 13: a two-phase runner has the build for itself before it runs, and runs it by its own word", async () => {
  const project = await newProject();
  const id = await enqueue(project);
  const [runner, other] = [await registered(project.id), await registered(project.id)];
  expect(buildOf(await poll(runner, { abilities: { ...NO_ABILITIES, twoPhase: true } }))).toBe(id);
  expect(buildOf(await poll(other))).toBeNull();
  expect(await jobOf(project, id)).toMatchObject({
    status: "pending",
    pending_reason: `runner ${runner.id} is about to run it`,
  });
  await buildStub(env, id).report(attempt(1), { kind: "confirm" });
  expect(await jobOf(project, id)).toMatchObject({ status: "running", started_at: new Date().toISOString() });
});

test("pain 14: a runner that can winds down when canceled, within five minutes; force and other runners wait for nothing", async () => {
  const wound = async () => {
    const project = await newProject();
    const id = await enqueue(project);
    await poll(await registered(project.id), { abilities: { ...NO_ABILITIES, cancelGracefully: true } });
    await buildStub(env, id).append(attempt(1), 0, bytesOf("working.\n"));
    expect(await cancelJob(project, id)).toMatchObject({ status: "canceling" });
    expect(await buildStub(env, id).append(attempt(1), 9, bytesOf("after_script.\n"))).toMatchObject({
      value: { status: "canceling", lengthBytes: 23 },
    });
    return { project, id };
  };
  const stuck = await wound();
  expect(await msToChange(buildStub(env, stuck.id))).toBe(300 * SECOND);
  expect(await jobOf(stuck.project, stuck.id)).toMatchObject({ status: "canceled" });
  expect(await traceText(stuck.id)).toBe("working.\nafter_script.\n");

  const done = await wound();
  await buildStub(env, done.id).report(attempt(1), { kind: "fail", reason: "script_failure", exitCode: 1 });
  expect(await jobOf(done.project, done.id)).toMatchObject({ status: "canceled" });

  const forced = await wound();
  expect(await cancelJob(forced.project, forced.id, true)).toMatchObject({ status: "canceled" });

  const legacy = await runningBuild();
  expect(await cancelJob(legacy.project, legacy.build.id)).toMatchObject({ status: "canceled" });
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
  await rowsOf(buildStub(env, bad), "UPDATE spec SET spec = json_remove(spec, '$.services')");
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
  expect((await historyOf(project, bad)).at(-1)).toMatch(/^its claim by runner \d+ broke off: .*, the 3rd time/);
});
