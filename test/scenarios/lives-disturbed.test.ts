/**
 * Builds that lose their claim, their runner, an answer or all news, whatever dialect their runner speaks. Numbers of pains
 * are those of pains-builds.test.ts.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildStub, queueStub } from "../../src/stubs.ts";
import { noise } from "../tools/clients/multipart.ts";
import { DIALECTS, runnerFor, workFor } from "../tools/runners/dialects.ts";
import { appFetch, enqueue, newProject, runnersToken, traceText } from "../tools/clients/legacy-api.ts";
import { archiveOf, beginWork } from "../tools/runners/lives.ts";
import { advance, crash, fireAlarm, holdTime, msToChange } from "../tools/objects/objects.ts";
import { historyOf, jobOf } from "../tools/runners/scenario.ts";

const SECOND = 1000;
const LEASE = 120 * SECOND;
const STUCK = 600 * SECOND;

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

describe.each(DIALECTS)("a build of $name", (dialect) => {
  test("whose claim is lost is done once: the late runner is refused, only the second one's word counts (pain 13)", async () => {
    const project = await newProject();
    const [first, second] = [await runnerFor(dialect, project), await runnerFor(dialect, project)];
    const id = await enqueue(project);
    const lost = await workFor(first);
    expect(await second.poll()).toEqual({ kind: "nothing" });
    expect(await msToChange(buildStub(env, id))).toBe(LEASE);
    const again = await workFor(second);
    expect(again.id).toBe(id);
    expect(again.token).not.toBe(lost.token);
    expect(await first.append(lost, "late\n")).toBe("stop");
    expect(await first.keepAlive(lost)).toBe("stop");
    expect(await first.upload(lost, archiveOf(noise(2000)))).toBe("refused");
    expect(await first.repeat(lost, "failed")).toBe("stop");
    expect(await second.begin(again)).toBe("ok");
    expect(await second.append(again, "on ")).toBe("ok");
    expect(await first.repeat(lost, "success")).toBe("stop");
    expect(await second.finish(again, "success", "time\n")).toBe("ok");
    expect(await jobOf(project, id)).toMatchObject({ status: "success", attempt: 2, artifacts: [] });
    expect(await traceText(id)).toBe("on time\n");
  });

  test("whose runner unregisters fails at once, for that reason (pain 1)", async () => {
    const { project, runner, work } = await beginWork(dialect, "last words.\n");
    expect(await runner.unregister()).toBe("ok");
    await expect
      .poll(() => jobOf(project, work.id))
      .toMatchObject({ status: "failed", failure_reason: "runner_system_failure" });
    expect((await historyOf(project, work.id)).at(-1)).toBe("its runner was removed");
    expect(await runner.append(work, "more")).toBe("stop");
    expect(await runner.repeat(work, "success")).toBe("stop");
    expect(await runner.poll()).toEqual({ kind: "refused" });
    expect(await traceText(work.id)).toBe("last words.\n");
  });

  test("whose runner's token is reset goes on to its end, and nothing new comes by the old token", async () => {
    const { project, runner, work } = await beginWork(dialect, "working.\n");
    await queueStub(env).resetToken(runner.id);
    expect(await runner.append(work, "still here.\n")).toBe("ok");
    expect(await runner.keepAlive(work)).toBe("ok");
    await enqueue(project);
    expect(await runner.poll()).toEqual({ kind: "refused" });
    expect(await runner.finish(work, "success", "done.\n")).toBe("ok");
    expect(await jobOf(project, work.id)).toMatchObject({ status: "success" });
    expect(await traceText(work.id)).toBe("working.\nstill here.\ndone.\n");
  });

  test("that is quiet lives on by signs of life, and fails after ten minutes without one, and says when it was last heard of (pain 1)", async () => {
    const { project, runner, work } = await beginWork(dialect, "quiet from here on.\n");
    for (let minutes = 0; minutes < 30; minutes += 5) {
      advance(300 * SECOND);
      await fireAlarm(buildStub(env, work.id));
      expect(await runner.keepAlive(work)).toBe("ok");
    }
    const lastHeardOf = new Date().toISOString();
    expect(await msToChange(buildStub(env, work.id))).toBe(STUCK);
    expect(await jobOf(project, work.id)).toMatchObject({ status: "failed", failure_reason: "runner_system_failure" });
    expect((await historyOf(project, work.id)).at(-1)).toBe(`no contact with the runner since ${lastHeardOf}`);
    expect(await runner.append(work, "late\n")).toBe("stop");
    expect(await runner.repeat(work, "success")).toBe("stop");
    expect(await traceText(work.id)).toBe("quiet from here on.\n");
  });

  test("that ran longer than its timeout and a grace fails for that (pain 1)", async () => {
    const { project, runner, work } = await beginWork(dialect, "slow.\n", { timeoutSeconds: 900 });
    for (let minutes = 0; minutes < 25; minutes += 5) {
      expect(await runner.keepAlive(work)).toBe("ok");
      advance(300 * SECOND);
      await fireAlarm(buildStub(env, work.id));
    }
    expect(await jobOf(project, work.id)).toMatchObject({ failure_reason: "job_execution_timeout" });
    expect(await runner.append(work, "more")).toBe("stop");
  });

  test("whose patch was stored and not answered goes on where the server's log ends, also after a crash, and ends once (pains 2, 12)", async () => {
    const project = await newProject();
    const network = { losesAnswer: false };
    const { token } = await dialect.register(await runnersToken(project));
    const runner = dialect.known(token, async (url, init) => {
      const response = await appFetch(url, init);
      if (!network.losesAnswer) return response;
      network.losesAnswer = false;
      throw new Error("the answer is lost");
    });
    const id = await enqueue(project);
    const work = await workFor(runner);
    await runner.begin(work);
    expect(await runner.append(work, "one\n")).toBe("ok");
    network.losesAnswer = true;
    await expect(runner.append(work, "two\n")).rejects.toThrow("the answer is lost");
    expect(await runner.append(work, "three\n")).toBe("resend from 8");
    await crash(buildStub(env, id));
    expect(await runner.append(work, "é\n")).toBe("ok");
    expect(await runner.append(work, "four\n")).toBe("ok");

    network.losesAnswer = true;
    await expect(runner.repeat(work, "success")).rejects.toThrow("the answer is lost");
    const [job, history] = [await jobOf(project, id), await historyOf(project, id)];
    for (const disturb of [crash, evictDurableObject, fireAlarm]) {
      advance(20 * SECOND);
      await disturb(buildStub(env, id));
      expect(await runner.repeat(work, "success")).toBe("ok");
    }
    expect(await runner.repeat(work, "failed")).toBe("stop");
    expect(await jobOf(project, id)).toMatchObject({ status: "success", finished_at: job["finished_at"] });
    expect(await historyOf(project, id)).toEqual(history);
    expect(await traceText(id)).toBe("one\ntwo\nthree\né\nfour\n");
  });
});
