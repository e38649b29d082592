/** A build that is canceled, or loses its runner, at the moments at which that hurts: while it is claimed, while it uploads. */
import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { buildStub, queueStub } from "../../src/stubs.ts";
import { CONTENT_TYPE, form, inPieces, noise } from "../artifacts/multipart.ts";
import {
  claim,
  enqueue,
  legacy,
  newProject,
  newRunner,
  patch,
  runnerIdOf,
  runningBuild,
  summaryOf,
} from "../support/legacy-api.ts";
import { file, refusalOf } from "../support/legacy-artifacts.ts";
import type { LegacyBuild } from "../support/legacy-build.ts";
import { cancelJob, historyOf, jobOf } from "../support/scenario.ts";

/** A poll that stands in the middle of its claim, since a dependency of its build doesn't answer until `goOn`. */
const claiming = async () => {
  const project = await newProject();
  const dependency = await enqueue(project);
  const runner = await newRunner(project);
  await claim(runner);
  const id = await enqueue(project, { dependencies: [dependency] });
  const gate = { isOpen: false };
  // It looks for itself: what one object waits for can't be settled out of the context of another.
  const blocked = runInDurableObject(buildStub(env, dependency), (_instance, state) =>
    state.blockConcurrencyWhile(async () => {
      while (!gate.isOpen) await scheduler.wait(1);
    }),
  );
  const answer = runner.poll();
  const isTaken = async () =>
    (
      await runInDurableObject(queueStub(env), (_instance, state) =>
        state.storage.sql.exec("SELECT state FROM build WHERE build_id = ?", id).one(),
      )
    )["state"] === "taken";
  while (!(await isTaken())) continue;
  const finish = async () => {
    gate.isOpen = true;
    await blocked;
    return answer;
  };
  return { project, runner, id, finish };
};

describe("while it is being claimed", () => {
  test("a build that is canceled reaches nobody", async () => {
    const { project, id, finish } = await claiming();
    expect(await cancelJob(project, id)).toMatchObject({ status: "canceled" });
    expect(await finish()).toEqual({ kind: "nothing" });
    expect(await historyOf(project, id)).toEqual(["create: created", "enqueue: pending", "canceled by admin"]);
    expect(await (await newRunner(project)).poll()).toEqual({ kind: "nothing" });
  });

  test("a build whose runner is deleted waits for the next one", async () => {
    const { project, runner, id, finish } = await claiming();
    expect(await runner.unregister()).toBe(200);
    expect(await finish()).toEqual({ kind: "refused", status: 403 });
    await expect.poll(async () => (await summaryOf(id)).status).toBe("pending");
    expect((await claim(await newRunner(project))).id).toBe(id);
  });

  test("a build whose runner's token is reset waits for the next one", async () => {
    const { project, runner, id, finish } = await claiming();
    await queueStub(env).resetToken(runnerIdOf(runner.token));
    expect(await finish()).toEqual({ kind: "refused", status: 403 });
    await expect.poll(async () => (await summaryOf(id)).status).toBe("pending");
    expect((await claim(await newRunner(project))).id).toBe(id);
  });
});

describe("while it uploads its artifacts", () => {
  const archive = noise(200_000);

  /** An upload during whose second half `happens`. */
  const uploadWhile = (build: LegacyBuild, happens: () => Promise<unknown>) => {
    const whole = form(file(archive));
    const pieces = inPieces([whole.slice(0, 100_000), whole.slice(100_000)]).getReader();
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await pieces.read();
          if (done) return controller.close();
          if (value.length > 100_000) await happens();
          controller.enqueue(value);
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "Content-Type": CONTENT_TYPE, "BUILD-TOKEN": build.token };
    return legacy("POST", `/builds/${build.id}/artifacts`, { headers, body });
  };

  const nothingIsStored = async ({ id }: LegacyBuild) => {
    await runDurableObjectAlarm(buildStub(env, id));
    expect((await env.ARTIFACTS.list({ prefix: `builds/${id}/` })).objects).toEqual([]);
    expect((await summaryOf(id)).artifacts).toEqual([]);
  };

  test("a build that is canceled keeps nothing of it, and its runner is told", async () => {
    const { project, runner, build } = await runningBuild();
    const response = await uploadWhile(build, () => cancelJob(project, build.id));
    expect(await refusalOf(response)).toEqual({ status: 403, message: "403 Forbidden - Build is not running!" });
    await nothingIsStored(build);
    expect(await runner.update(build.id, "success")).toBe(404);
    expect(await jobOf(project, build.id)).toMatchObject({ status: "canceled" });
  });

  test("a build whose runner is deleted keeps nothing of it, and has failed", async () => {
    const { project, runner, build } = await runningBuild();
    await patch(build, 0, "uploading.\n");
    const response = await uploadWhile(build, async () => {
      await runner.unregister();
      await expect.poll(async () => (await summaryOf(build.id)).status).toBe("failed");
    });
    expect(response.status).toBe(403);
    await nothingIsStored(build);
    expect(await jobOf(project, build.id)).toMatchObject({ failure_reason: "runner_system_failure" });
  });

  test("a build whose runner's token is reset goes on to its end", async () => {
    const { project, runner, build } = await runningBuild();
    const response = await uploadWhile(build, () => queueStub(env).resetToken(runnerIdOf(runner.token)));
    expect(response.status).toBe(201);
    expect(await runner.downloadArtifacts(build)).toEqual(new Uint8Array(archive));
    expect(await runner.update(build.id, "success", "done.\n")).toBe(200);
    expect(await jobOf(project, build.id)).toMatchObject({ status: "success" });
  });
});
