/** Whole lives of builds, as a legacy runner and the people who ask for the work see them. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { buildStub, projectStub } from "../../src/stubs.ts";
import { noise } from "../artifacts/multipart.ts";
import type { LegacyBuild } from "../support/legacy-build.ts";
import type { LegacyClient } from "../support/legacy-client.ts";
import {
  claim,
  enqueue,
  newProject,
  newRunner,
  summaryOf,
  traceBytes,
  traceText,
  valueOf,
} from "../support/legacy-api.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Works as 1.11.5 does: says that it runs, streams the log in patches, repeats it whole in the last report. */
const work = async (runner: LegacyClient, build: LegacyBuild, lines: readonly string[], end: "success" | "failed") => {
  expect(await runner.update(build.id, "running")).toBe(200);
  let length = 0;
  for (const line of lines) {
    const answer = await runner.appendTrace(build, length, encode(line));
    expect(answer).toMatchObject({ status: 202, buildStatus: "running" });
    length = answer.length ?? 0;
    // Memory is dispensable: whatever matters is in storage.
    await evictAllDurableObjects();
  }
  expect(await runner.update(build.id, end, `${lines.join("")}Job ended\n`)).toBe(200);
};

async function* inTwo(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes.slice(0, 1000);
  yield bytes.slice(1000);
}

const events = async (buildId: number) =>
  valueOf(await buildStub(env, buildId).history()).map(({ event, status }) => `${event}: ${status}`);

describe("a build's life with a legacy runner", () => {
  test("from pending to success, and its artifacts on to the build that needs them", async () => {
    const project = await newProject();
    const runner = await newRunner(project);
    const archive = noise(250_000);
    const compileId = await enqueue(project, { name: "compile" });
    const compile = await claim(runner);
    const upload = { filename: "out.zip", content: inTwo(archive), expireIn: "1 day" };
    expect(await runner.uploadArtifacts(compile, upload)).toBe(201);
    await work(runner, compile, ["$ make\n", "é\n"], "success");

    await enqueue(project, { name: "package", dependencies: [compileId] });
    const pack = await claim(runner);
    const [dependency] = pack.depends_on_builds;
    if (dependency === undefined) throw new Error("no dependency");
    expect(dependency).toMatchObject({ id: compileId, artifacts_file: { filename: "out.zip", size: archive.length } });
    expect(await runner.downloadArtifacts(dependency)).toEqual(new Uint8Array(archive));
    await work(runner, pack, ["$ tar\n"], "success");

    expect(await traceText(compileId)).toBe("$ make\né\nJob ended\n");
    expect(await runner.downloadArtifacts(dependency)).toBe(403);
    expect(await events(compileId)).toEqual([
      "create: created",
      "enqueue: pending",
      "claim: running",
      "amend: running",
      "succeed: success",
    ]);
    expect(await runner.poll()).toEqual({ kind: "nothing" });
  });

  test("that fails, and is retried once, however many ask for it", async () => {
    const project = await newProject();
    const runner = await newRunner(project);
    const id = await enqueue(project, { name: "flaky" });
    await work(runner, await claim(runner), ["boom\n"], "failed");
    expect(await summaryOf(id)).toMatchObject({ status: "failed", failureReason: "unknown_failure" });

    const retry = () => projectStub(env, project.id).retryBuild(id);
    // Whether it made the new build or was too late for that, each of them is told which one it is.
    const named = (await Promise.all([retry(), retry()])).map((outcome) =>
      outcome.ok ? outcome.value.id : outcome.refusal.reason === "not_retryable" && outcome.refusal.retriedAs,
    );
    const successor = (await summaryOf(id)).retriedAs ?? 0;
    expect(named).toEqual([successor, successor]);
    expect(await retry()).toEqual({ ok: false, refusal: { reason: "not_retryable", retriedAs: successor } });
    const again = await claim(runner);
    expect(again).toMatchObject({ id: successor, name: "flaky" });
    await work(runner, again, ["fine\n"], "success");
    expect(await summaryOf(id)).toMatchObject({ status: "failed", retriedAs: successor });
    expect(await summaryOf(successor)).toMatchObject({
      status: "success",
      pipelineId: (await summaryOf(id)).pipelineId,
    });
    expect(await traceText(id)).toBe("boom\nJob ended\n");
  });

  test("that is canceled while it runs: the next patch says so, and what comes after counts for nothing", async () => {
    const project = await newProject();
    const runner = await newRunner(project);
    const id = await enqueue(project);
    const build = await claim(runner);
    await runner.appendTrace(build, 0, encode("tick 1\n"));
    valueOf(await buildStub(env, id).cancel("somebody", false));
    await evictAllDurableObjects();
    expect(await runner.appendTrace(build, 7, encode("tick 2\n"))).toEqual({
      status: 202,
      buildStatus: "canceled",
      length: 7,
    });
    expect(await runner.update(id, "failed", "tick 1\ntick 2\n")).toBe(404);
    expect(await runner.uploadArtifacts(build, { filename: "a.zip", content: inTwo(noise(2000)) })).toBe(403);
    expect(await traceText(id)).toBe("tick 1\n");
    expect(await events(id)).toEqual(["create: created", "enqueue: pending", "claim: running", "cancel: canceled"]);
    const next = await enqueue(project);
    expect((await claim(runner)).id).toBe(next);
  });

  test("that is canceled before anybody took it is never handed out", async () => {
    const project = await newProject();
    const runner = await newRunner(project);
    const canceled = await enqueue(project);
    const other = await enqueue(project);
    valueOf(await buildStub(env, canceled).cancel("somebody", false));
    expect((await claim(runner)).id).toBe(other);
    expect(await runner.poll()).toEqual({ kind: "nothing" });
  });

  test("that is erased when it is over: trace and artifacts are gone, its runner is refused, the record stays", async () => {
    const project = await newProject();
    const runner = await newRunner(project);
    const id = await enqueue(project);
    const build = await claim(runner);
    await runner.uploadArtifacts(build, { filename: "a.zip", content: inTwo(noise(2000)) });
    expect(await buildStub(env, id).erase("somebody")).toMatchObject({
      ok: false,
      refusal: { reason: "not_erasable" },
    });
    await work(runner, build, ["secret\n"], "success");
    valueOf(await buildStub(env, id).erase("somebody"));
    await evictAllDurableObjects();
    expect(await traceBytes(id)).toEqual(new Uint8Array());
    expect(await runner.downloadArtifacts(build)).toBe(404);
    expect(await runner.update(id, "success", "secret\n")).toBe(403);
    expect((await runner.appendTrace(build, 0, encode("secret\n"))).status).toBe(403);
    expect(await runner.uploadArtifacts(build, { filename: "a.zip", content: inTwo(noise(2000)) })).toBe(403);
    expect(await summaryOf(id)).toMatchObject({ status: "success", artifacts: [], erasedAtMs: expect.any(Number) });
    expect(await buildStub(env, id).erase("somebody")).toMatchObject({
      ok: false,
      refusal: { reason: "not_erasable" },
    });
  });
});
