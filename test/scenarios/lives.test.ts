/** Whole lives of builds, as any runner and the people who ask for the work see them. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { buildStub, projectStub } from "../../src/stubs.ts";
import { noise } from "../tools/clients/multipart.ts";
import { DIALECTS, runnerFor, workFor } from "../tools/runners/dialects.ts";
import type { FakeRunner, Work } from "../tools/runners/fake-runner.ts";
import { enqueue, newProject, summaryOf, traceBytes, traceText, valueOf } from "../tools/clients/legacy-api.ts";
import { archiveOf, beginWork, statusesOf, workThrough } from "../tools/runners/lives.ts";
import { cancelJob, jobOf } from "../tools/runners/scenario.ts";

const PAIRS = DIALECTS.flatMap((first) => DIALECTS.map((second) => ({ first, second })));

test.each(PAIRS)(
  "a build of $first.name succeeds, and its artifacts go on to the build that $second.name runs",
  async ({ first, second }) => {
    const project = await newProject();
    const archive = noise(250_000);
    const compileId = await enqueue(project, { name: "compile" });
    const compiler = await runnerFor(first, project);
    const compile = await workFor(compiler);
    expect(compile).toMatchObject({ id: compileId, name: "compile", script: ["echo hello"], dependencies: [] });
    await workThrough(compiler, compile, ["$ make\n", "é\n"], async () => {
      expect(await compiler.upload(compile, archiveOf(archive, "1 day"))).toBe("ok");
    });

    const packId = await enqueue(project, { name: "package", dependencies: [compileId] });
    const packer = await runnerFor(second, project);
    const pack = await workFor(packer);
    expect(pack.dependencies).toMatchObject([
      { id: compileId, name: "compile", archive: { filename: "out.zip", size: archive.length } },
    ]);
    const [dependency] = pack.dependencies;
    if (dependency === undefined) throw new Error("no dependency");
    await workThrough(packer, pack, ["$ tar\n"], async () => {
      expect(await packer.download(dependency)).toEqual(new Uint8Array(archive));
    });

    expect(await traceText(compileId)).toBe("$ make\né\nJob ended\n");
    expect(await traceText(packId)).toBe("$ tar\nJob ended\n");
    expect(await packer.download(dependency)).toBe("refused");
    for (const id of [compileId, packId])
      expect(await statusesOf(id)).toEqual(["created", "pending", "running", "success"]);
    expect(await compiler.poll()).toEqual({ kind: "nothing" });
  },
);

describe.each(DIALECTS)("a build of $name", (dialect) => {
  const upload = (runner: FakeRunner, work: Work) => runner.upload(work, archiveOf(noise(2000)));

  test("fails, and is retried once, however many ask for it", async () => {
    const project = await newProject();
    const runner = await runnerFor(dialect, project);
    const id = await enqueue(project, { name: "flaky" });
    await workThrough(runner, await workFor(runner), ["boom\n"], async () => {}, "failed");
    expect(await summaryOf(id)).toMatchObject({ status: "failed" });

    const retry = () => projectStub(env, project.id).retryBuild(ADMINISTRATOR, id);
    // Whether it made the new build or was too late for that, each of them is told which one it is.
    const named = (await Promise.all([retry(), retry()])).map((outcome) =>
      outcome.ok ? outcome.value.id : outcome.refusal.reason === "not_retryable" && outcome.refusal.retriedAs,
    );
    const successor = (await summaryOf(id)).retriedAs ?? 0;
    expect(named).toEqual([successor, successor]);
    expect(await retry()).toEqual({ ok: false, refusal: { reason: "not_retryable", retriedAs: successor } });
    const again = await workFor(runner);
    expect(again).toMatchObject({ id: successor, name: "flaky" });
    await workThrough(runner, again, ["fine\n"]);
    expect(await summaryOf(id)).toMatchObject({ status: "failed", retriedAs: successor });
    const { pipeline } = await summaryOf(id);
    expect(await summaryOf(successor)).toMatchObject({ status: "success", pipeline });
    expect(await traceText(id)).toBe("boom\nJob ended\n");
  });

  test("is canceled while it runs: the next patch says so, and what comes after counts for nothing", async () => {
    const { project, runner, work } = await beginWork(dialect, "tick 1\n");
    const { id } = work;
    await cancelJob(project, id);
    await evictAllDurableObjects();
    const told = await runner.append(work, "tick 2\n");
    // Who can winds down, and says when that is done.
    if (told === "wind down") expect(await runner.finish(work, "failed")).toBe("ok");
    else expect(told).toBe("stop");
    expect(await jobOf(project, id)).toMatchObject({ status: "canceled" });
    expect(await runner.append(work, "tick 3\n")).toBe("stop");
    expect(await runner.finish(work, "success")).toBe("stop");
    expect(await upload(runner, work)).toBe("refused");
    expect(await traceText(id)).toBe(told === "stop" ? "tick 1\n" : "tick 1\ntick 2\n");
    expect((await statusesOf(id)).at(-1)).toBe("canceled");
    const next = await enqueue(project);
    expect((await workFor(runner)).id).toBe(next);
  });

  test("is canceled before anybody took it, and is never handed out", async () => {
    const project = await newProject();
    const runner = await runnerFor(dialect, project);
    const canceled = await enqueue(project);
    const other = await enqueue(project);
    expect(await cancelJob(project, canceled)).toMatchObject({ status: "canceled" });
    expect((await workFor(runner)).id).toBe(other);
    expect(await runner.poll()).toEqual({ kind: "nothing" });
  });

  test("is erased when it is over: trace and artifacts are gone, its runner is refused, the record stays", async () => {
    const { runner, work } = await beginWork(dialect, "secret\n");
    const { id } = work;
    expect(await upload(runner, work)).toBe("ok");
    const notErasable = { ok: false, refusal: { reason: "not_erasable" } };
    expect(await buildStub(env, id).erase(ADMINISTRATOR)).toMatchObject(notErasable);
    expect(await runner.finish(work, "success")).toBe("ok");
    valueOf(await buildStub(env, id).erase(ADMINISTRATOR));
    await evictAllDurableObjects();
    expect(await traceBytes(id)).toEqual(new Uint8Array());
    expect(await runner.download(work)).not.toBeInstanceOf(Uint8Array);
    expect(await runner.repeat(work, "success")).toBe("stop");
    expect(await runner.append(work, "secret\n")).toBe("stop");
    expect(await upload(runner, work)).toBe("refused");
    expect(await summaryOf(id)).toMatchObject({ status: "success", artifacts: [], erasedAtMs: expect.any(Number) });
    expect(await buildStub(env, id).erase(ADMINISTRATOR)).toMatchObject(notErasable);
  });
});
