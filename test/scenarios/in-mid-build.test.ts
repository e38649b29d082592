/** A build that is canceled, or loses its runner, at the moments at which that hurts: while it is claimed, while it uploads. */
import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { buildStub, projectStub, queueStub } from "../../src/stubs.ts";
import { noise } from "../tools/clients/multipart.ts";
import { DIALECTS, runnerFor, workFor } from "../tools/runners/dialects.ts";
import type { Dialect } from "../tools/runners/dialects.ts";
import type { FakeRunner, Work } from "../tools/runners/fake-runner.ts";
import { enqueue, newProject, summaryOf } from "../tools/clients/legacy-api.ts";
import { valueOf } from "../tools/objects/objects.ts";
import { beginWork } from "../tools/runners/lives.ts";
import { cancelJob, historyOf, jobOf } from "../tools/runners/scenario.ts";

/** A poll that stands in the middle of its claim, since a dependency of its build doesn't answer until `goOn`. */
const claiming = async (dialect: Dialect) => {
  const project = await newProject();
  const dependency = await enqueue(project);
  const runner = await runnerFor(dialect, project);
  await runner.begin(await workFor(runner));
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

describe.each(DIALECTS)("while it is being claimed by $name", (dialect) => {
  test("a build that is canceled reaches nobody", async () => {
    const { project, id, finish } = await claiming(dialect);
    expect(await cancelJob(project, id)).toMatchObject({ status: "canceled" });
    expect(await finish()).toEqual({ kind: "nothing" });
    expect(await historyOf(project, id)).toEqual(["create: created", "enqueue: pending", "canceled by admin"]);
    expect(await (await runnerFor(dialect, project)).poll()).toEqual({ kind: "nothing" });
  });

  test("a build whose runner is deleted waits for the next one", async () => {
    const { project, runner, id, finish } = await claiming(dialect);
    expect(await runner.unregister()).toBe("ok");
    expect(await finish()).toEqual({ kind: "refused" });
    await expect.poll(async () => (await summaryOf(id)).runner).toBeNull();
    expect((await workFor(await runnerFor(dialect, project))).id).toBe(id);
  });

  test("a build whose runner's token is reset waits for the next one", async () => {
    const { project, runner, id, finish } = await claiming(dialect);
    await queueStub(env).resetToken(runner.id);
    expect(await finish()).toEqual({ kind: "refused" });
    await expect.poll(async () => (await summaryOf(id)).runner).toBeNull();
    expect((await workFor(await runnerFor(dialect, project))).id).toBe(id);
  });
});

/** Whether anything of the project is stored. */
const hasRows = (projectId: number): Promise<boolean> =>
  runInDurableObject(
    projectStub(env, projectId),
    (_instance, { storage }) =>
      storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'project'").toArray().length > 0,
  );

describe.each(DIALECTS)("while $name uploads its artifacts", (dialect) => {
  const archive = noise(200_000);

  /** An upload during whose second half `happens`. */
  const uploadWhile = (runner: FakeRunner, work: Work, happens: () => Promise<unknown>) => {
    async function* content(): AsyncGenerator<Uint8Array, void> {
      yield archive.slice(0, 100_000);
      await happens();
      yield archive.slice(100_000);
    }
    return runner.upload(work, { filename: "artifacts.zip", content: content() });
  };

  const nothingIsStored = async ({ id }: Work) => {
    await runDurableObjectAlarm(buildStub(env, id));
    expect((await env.ARTIFACTS.list({ prefix: `builds/${id}/` })).objects).toEqual([]);
    expect((await summaryOf(id)).artifacts).toEqual([]);
  };

  test("a build that is canceled for good keeps nothing of it, and its runner is told", async () => {
    const { project, runner, work } = await beginWork(dialect, "uploading.\n");
    expect(await uploadWhile(runner, work, () => cancelJob(project, work.id, true))).toBe("refused");
    await nothingIsStored(work);
    expect(await runner.finish(work, "success")).toBe("stop");
    expect(await jobOf(project, work.id)).toMatchObject({ status: "canceled" });
  });

  test("a build whose runner is deleted keeps nothing of it, and has failed", async () => {
    const { project, runner, work } = await beginWork(dialect, "uploading.\n");
    const uploaded = await uploadWhile(runner, work, async () => {
      await runner.unregister();
      await expect.poll(async () => (await summaryOf(work.id)).status).toBe("failed");
    });
    expect(uploaded).toBe("refused");
    await nothingIsStored(work);
    expect(await jobOf(project, work.id)).toMatchObject({ failure_reason: "runner_system_failure" });
  });

  test("a build whose runner's token is reset goes on to its end", async () => {
    const { project, runner, work } = await beginWork(dialect, "uploading.\n");
    expect(await uploadWhile(runner, work, () => queueStub(env).resetToken(runner.id))).toBe("ok");
    expect(await runner.download(work)).toEqual(new Uint8Array(archive));
    expect(await runner.finish(work, "success", "done.\n")).toBe("ok");
    expect(await jobOf(project, work.id)).toMatchObject({ status: "success" });
  });

  test("a project that is deleted keeps nothing of it, and its runner is told", async () => {
    const { project, runner, work } = await beginWork(dialect, "uploading.\n");
    const uploaded = await uploadWhile(runner, work, async () => {
      valueOf(await projectStub(env, project.id).remove());
      await expect
        .poll(async () => (await runDurableObjectAlarm(projectStub(env, project.id)), hasRows(project.id)))
        .toBe(false);
    });
    expect(uploaded).toBe("refused");
    expect((await env.ARTIFACTS.list({ prefix: `builds/${work.id}/` })).objects).toEqual([]);
    expect(await runner.finish(work, "success")).toBe("stop");
  });
});
