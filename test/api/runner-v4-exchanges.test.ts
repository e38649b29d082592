/** The exchanges of the contract's part E that concern today's runners, each by its number. The ninth: lives-together.test.ts. */
import { gzipSync } from "node:zlib";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { buildStub } from "../../src/stubs.ts";
import { CONTENT_TYPE, form, noise } from "../tools/clients/multipart.ts";
import { enqueue, newProject, ORIGIN, traceText } from "../tools/clients/legacy-api.ts";
import { contentOf, file } from "../tools/clients/legacy-artifacts.ts";
import {
  claimJob,
  downloadFrom,
  newModernRunner,
  patchJob,
  putJob,
  runningJob,
  told,
  uploadTo,
} from "../tools/clients/modern-api.ts";
import { RELEASE_19, without } from "../tools/clients/modern-release.ts";
import { advance, holdTime, msToChange } from "../tools/objects/objects.ts";
import { cancelJob, heldPoll, jobOf } from "../tools/runners/scenario.ts";

beforeEach(holdTime);
afterEach(() => void vi.useRealTimers());

describe("5, a job", () => {
  const RIGHT = { checksum: "crc32:3610a686", bytesize: 5 };
  const success = (output?: object) => ({ state: "success", ...(output === undefined ? {} : { output }) });

  /** Claimed, said to run, with `hello` in its log. */
  const helloJob = async () => {
    const project = await newProject();
    const id = await enqueue(project);
    const job = await claimJob(await newModernRunner(project));
    expect(await told(putJob(job, { state: "running", output: {} }))).toBe("200 running");
    expect(await told(patchJob(job, 0, "hello"))).toBe("202 running 0-5");
    return { project, id, job };
  };

  test("is claimed, begun, logged and verified", async () => {
    const { project, id, job } = await helloJob();
    expect(await told(putJob(job, success(RIGHT)))).toBe("200 success");
    expect(await jobOf(project, id)).toMatchObject({ status: "success", trace_verified: true });
  });

  test.each([
    ["of the wrong size", { ...RIGHT, bytesize: 6 }],
    ["of the wrong sum", { ...RIGHT, checksum: "crc32:3610a687" }],
  ])("%s is sent anew, and flagged the third time", async (_what, wrong) => {
    const sent = await helloJob();
    expect(await told(putJob(sent.job, success(wrong)))).toBe("412 running");
    expect(await traceText(sent.id)).toBe("");
    expect(await told(patchJob(sent.job, 0, "hello"))).toBe("202 running 0-5");
    expect(await told(putJob(sent.job, success(RIGHT)))).toBe("200 success");
    expect(await jobOf(sent.project, sent.id)).toMatchObject({ trace_verified: true });

    const flagged = await helloJob();
    for (const answer of ["412 running", "412 running", "200 success"]) {
      expect(await told(putJob(flagged.job, success(wrong)))).toBe(answer);
      if (answer === "412 running") await patchJob(flagged.job, 0, "hello");
    }
    expect(await jobOf(flagged.project, flagged.id)).toMatchObject({ status: "success", trace_verified: false });
    expect(await traceText(flagged.id)).toBe("hello");
  });

  test("without an output is finished as it is", async () => {
    const { job } = await helloJob();
    expect(await told(putJob(job, success()))).toBe("200 success");
  });
});

describe("6, a cancel", () => {
  test("is announced to a runner that can wind down", async () => {
    const { project, id, job } = await runningJob();
    await cancelJob(project, id);
    expect(await told(patchJob(job, 0, "bye"))).toBe("202 canceling 0-3");
    expect((await putJob(job, { state: "failed" })).status).toBe(200);
    expect(await jobOf(project, id)).toMatchObject({ status: "canceled" });
  });

  test("is final to any other", async () => {
    const { project, id, job } = await runningJob(without(RELEASE_19, "cancel_gracefully"));
    await cancelJob(project, id);
    expect(await told(patchJob(job, 0, "bye"))).toMatch(/^403 canceled/);
    expect(await told(putJob(job, { state: "failed" }))).toBe("403 canceled");
  });
});

describe("7, artifacts", () => {
  const archive = noise(5000);
  const JUNIT = "?artifact_type=junit&artifact_format=";
  const statusOf = async (response: Promise<Response>): Promise<number> => (await response).status;

  test("are stored once, and refused when they are wrong, too large or late", async () => {
    const { job } = await runningJob();
    expect(await statusOf(uploadTo(job, [file(archive)]))).toBe(201);
    expect(await statusOf(uploadTo(job, [file(archive)]))).toBe(201);
    expect(await statusOf(uploadTo(job, [file(noise(5000, 2))]))).toBe(400);
    expect(await contentOf(await downloadFrom(job))).toBe(new TextDecoder().decode(archive));
    expect(await statusOf(uploadTo(job, [file("<xml/>")], `${JUNIT}raw`))).toBe(400);
    expect(await statusOf(uploadTo(job, [file(gzipSync("<xml/>"))], `${JUNIT}gzip`))).toBe(201);
    expect(await statusOf(uploadTo(job, []))).toBe(400);
    const large = new Request(`${ORIGIN}/api/v4/jobs/${job.id}/artifacts`, {
      method: "POST",
      headers: { "Content-Type": CONTENT_TYPE, "JOB-TOKEN": job.token },
      body: form(file(archive)),
    });
    expect((await app.fetch(large, { ...env, MAX_ARTIFACT_BYTES: "1000" })).status).toBe(413);
    await putJob(job, { state: "success" });
    expect(await statusOf(uploadTo(job, [file(archive)]))).toBe(403);
  });

  test("are for the project's running jobs", async () => {
    const { project, runner, id, job } = await runningJob();
    await uploadTo(job, [file(archive)]);
    await putJob(job, { state: "success" });
    await enqueue(project, { dependencies: [id] });
    const dependant = await claimJob(runner);
    await putJob(dependant, { state: "running", output: {} });
    expect(dependant.dependencies).toMatchObject([{ id, token: dependant.token }]);

    const asked = { id, token: dependant.token };
    const whole = await downloadFrom(asked);
    expect(whole.status).toBe(200);
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(new Uint8Array(archive));
    const first = await downloadFrom(asked, { Range: "bytes=0-0" });
    expect([first.status, first.headers.get("Content-Range")]).toEqual([206, "bytes 0-0/5000"]);
    expect(new Uint8Array(await first.arrayBuffer())).toEqual(archive.slice(0, 1));
    const { job: foreign } = await runningJob();
    expect(await statusOf(downloadFrom({ id, token: foreign.token }))).toBe(403);
    await putJob(dependant, { state: "success" });
    expect(await statusOf(downloadFrom(asked))).toBe(401);
  });
});

describe("8, a long poll", () => {
  test("is held until there is a job that its runner may take", async () => {
    const project = await newProject();
    const runner = await newModernRunner(project);
    const { answer, state } = await heldPoll(runner);
    await enqueue(project, { tags: ["foreign"] });
    await (await newModernRunner(project)).poll();
    expect(state.isAnswered).toBe(false);
    const id = await enqueue(project);
    expect(await answer).toMatchObject({ kind: "job", job: { id } });
  });

  test("that vanished costs its job the lease at most", async () => {
    const project = await newProject();
    const [gone, other] = [await newModernRunner(project), await newModernRunner(project)];
    const { answer } = await heldPoll(gone);
    const { answer: held } = await heldPoll(other);
    const id = await enqueue(project);
    // To nobody.
    await answer;
    expect(await msToChange(buildStub(env, id))).toBe(120_000);
    expect(await held).toMatchObject({ kind: "job", job: { id } });
  });
});

test("10, a dead runner: its job fails after the limit, and what comes late is refused", async () => {
  const { project, id, job } = await runningJob();
  advance(1000);
  expect(await told(patchJob(job, 0, "last words.\n"))).toBe("202 running 0-12");
  expect(await msToChange(buildStub(env, id))).toBe(600_000);
  expect(await jobOf(project, id)).toMatchObject({ status: "failed", failure_reason: "runner_system_failure" });
  expect(await told(patchJob(job, 12, "late"))).toMatch(/^403 failed/);
});
