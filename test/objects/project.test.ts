import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ADMINISTRATOR } from "../../src/core/principal.ts";
import { ProjectRemoval } from "../../src/projects/removal.ts";
import { DEFAULT_SETTINGS } from "../../src/core/project.ts";
import type { Project } from "../../src/core/project.ts";
import { buildStub, directoryStub, projectStub, queueStub } from "../../src/stubs.ts";
import {
  FIRST,
  buildOf,
  crash,
  poll,
  refusalOf,
  registered,
  rowsOf,
  statusOf,
  uniqueId,
  valueOf,
} from "../tools/objects/objects.ts";
import { fileOf, specOf } from "../tools/objects/spec.ts";

const directory = () => directoryStub(env);
const newPath = () => `test/p${uniqueId()}`;
const newProject = async (path = newPath()): Promise<Project> =>
  valueOf(await directory().createProject(path, { ...DEFAULT_SETTINGS, name: path }));
const create = async (project: Project, key: string | null = null, fingerprint = "same") =>
  projectStub(env, project.id).createBuild(ADMINISTRATOR, specOf(), key === null ? null : { key, fingerprint });
const queueRow = async (id: number) =>
  (await rowsOf(queueStub(env), `SELECT state FROM build WHERE build_id = ${id}`))[0];
const all = { statuses: null, ascending: true, limit: 100, offset: 0, after: null };
const listed = async (project: Project) =>
  valueOf(await projectStub(env, project.id).listBuilds(all)).builds.map((each) => [each.id, each.status]);
/** Lets the alarm, which is due at once, do its work. */
const removed = (project: Project) =>
  vi.waitUntil(async () => {
    await runInDurableObject(projectStub(env, project.id), (instance) => instance.alarm());
    return (
      (await rowsOf(projectStub(env, project.id), "SELECT name FROM sqlite_master WHERE name = 'project'")).length === 0
    );
  });

describe("making a build", () => {
  it("has build, queue and index know it before it returns", async () => {
    const project = await newProject();
    const made = valueOf(await create(project));
    expect(made).toMatchObject({ projectId: project.id, status: "pending", revision: 1 });
    expect(await statusOf(buildStub(env, made.id))).toBe("pending");
    expect(await queueRow(made.id)).toEqual({ state: "pending" });
    expect(await listed(project)).toEqual([[made.id, "pending"]]);
    expect(await projectStub(env, project.id).hasBuild(made.id)).toBe(true);
  });

  it("gives numbers that no other project's build has, and each build alone a pipeline", async () => {
    const [one, other] = [await newProject(), await newProject()];
    const made = [];
    for (let at = 0; at < 5; at++) made.push(valueOf(await create(one)), valueOf(await create(other)));
    expect(new Set(made.map((each) => each.id)).size).toBe(10);
    expect(new Set(made.map((each) => each.pipeline.id)).size).toBe(10);
  });

  it("is done for each of a crowd that needs more numbers than a block has", async () => {
    const project = await newProject();
    const made = await Promise.all(Array.from({ length: 120 }, () => create(project)));
    expect(new Set(made.map((each) => valueOf(each).id)).size).toBe(120);
  });

  it("with a key that was used returns the first one's build, for the same request only", async () => {
    const project = await newProject();
    const first = valueOf(await create(project, "key"));
    await evictDurableObject(projectStub(env, project.id));
    expect(valueOf(await create(project, "key")).id).toBe(first.id);
    const [one, other] = await Promise.all([create(project, "both"), create(project, "both")]);
    expect(valueOf(one).id).toBe(valueOf(other).id);
    expect(refusalOf(await create(project, "key", "another"))).toMatchObject({ reason: "invalid" });
    expect((await listed(project)).length).toBe(2);
  });

  it("refuses dependencies of other projects", async () => {
    const [project, other] = [await newProject(), await newProject()];
    const foreign = valueOf(await create(other));
    const spec = specOf({ dependencies: [foreign.id] });
    const refusal = refusalOf(await projectStub(env, project.id).createBuild(ADMINISTRATOR, spec, null));
    expect(refusal).toMatchObject({ reason: "invalid", field: "dependencies" });
  });

  it("goes on by itself after a crash in the middle", async () => {
    const project = await newProject();
    await create(project);
    const stub = projectStub(env, project.id);
    await runInDurableObject(stub, async (instance, state) => {
      void instance.createBuild(ADMINISTRATOR, specOf(), null);
      await Promise.resolve();
      await state.storage.sync();
      state.abort("before the build was made");
    }).catch(() => {});
    const [, second] = await listed(project);
    await rowsOf(projectStub(env, project.id), `UPDATE outbox SET due_at_ms = ${Date.now()}`);
    await runInDurableObject(projectStub(env, project.id), (instance) => instance.alarm());
    expect(await queueRow(second?.[0] as number)).toEqual({ state: "pending" });
  });

  it("follows in the index what becomes of it", async () => {
    const project = await newProject();
    const { id } = valueOf(await create(project));
    await poll(await registered(project.id));
    await buildStub(env, id).report(FIRST, { kind: "succeed" });
    expect(await listed(project)).toEqual([[id, "success"]]);
  });

  it("has a crowd of changes in the index by the time that each is answered", async () => {
    const project = await newProject();
    const builds = await Promise.all(Array.from({ length: 8 }, async () => valueOf(await create(project))));
    const seen = await Promise.all(
      builds.map(async ({ id }) => {
        await buildStub(env, id).cancel(ADMINISTRATOR, false);
        return (await listed(project)).find(([each]) => each === id);
      }),
    );
    expect(seen).toEqual(builds.map(({ id }) => [id, "canceled"]));
  });
});

describe("retrying", () => {
  const canceled = async () => {
    const project = await newProject();
    const { id, pipeline } = valueOf(await create(project));
    await buildStub(env, id).cancel(ADMINISTRATOR, false);
    return { project, stub: projectStub(env, project.id), id, pipeline };
  };

  it("makes a new build in the same pipeline, and once only", async () => {
    const { stub, id, pipeline } = await canceled();
    const retried = valueOf(await stub.retryBuild(ADMINISTRATOR, id));
    expect(retried).toMatchObject({ status: "pending", pipeline });
    expect(retried.id).not.toBe(id);
    expect(refusalOf(await stub.retryBuild(ADMINISTRATOR, id))).toEqual({
      reason: "not_retryable",
      retriedAs: retried.id,
    });
  });

  it("at the same moment makes one, and tells the others of it", async () => {
    const { project, stub, id } = await canceled();
    const outcomes = await Promise.all([
      stub.retryBuild(ADMINISTRATOR, id),
      stub.retryBuild(ADMINISTRATOR, id),
      stub.retryBuild(ADMINISTRATOR, id),
    ]);
    const made = outcomes.filter((each) => each.ok).map((each) => valueOf(each).id);
    expect(made.length).toBe(1);
    const refusal = { reason: "not_retryable", retriedAs: made[0] };
    expect(outcomes.map(refusalOf).filter((each) => each !== null)).toEqual([refusal, refusal]);
    expect((await listed(project)).length).toBe(2);
  });

  it("is refused while the build goes on", async () => {
    const project = await newProject();
    const { id } = valueOf(await create(project));
    expect(refusalOf(await projectStub(env, project.id).retryBuild(ADMINISTRATOR, id))).toMatchObject({
      reason: "not_retryable",
    });
    expect((await listed(project)).length).toBe(1);
  });

  it("that a crash broke off is completed by the next", async () => {
    const { project, stub, id } = await canceled();
    const lost = 900_000_000 + Math.floor(Math.random() * 1e8);
    await buildStub(env, id).markRetried(lost);
    expect(valueOf(await stub.retryBuild(ADMINISTRATOR, id))).toMatchObject({ id: lost, status: "pending" });
    expect((await listed(project)).length).toBe(2);
  });
});

describe("deleting a project", () => {
  const full = async () => {
    const project = await newProject();
    const runner = await registered(project.id);
    const [done, waiting] = [valueOf(await create(project)), valueOf(await create(project))];
    expect(buildOf(await poll(runner))).toBe(done.id);
    const stub = buildStub(env, done.id);
    const upload = valueOf(await stub.beginArtifact(FIRST, "archive", "zip"));
    await env.ARTIFACTS.put(upload.key, "zip");
    await stub.commitArtifact(FIRST, upload.id, fileOf(), true);
    return { project, runner, done, waiting };
  };

  it("removes builds, objects, rows of the queue, and the runners that served nothing else", async () => {
    const { project, runner, done, waiting } = await full();
    valueOf(await projectStub(env, project.id).remove());
    await removed(project);
    for (const { id } of [done, waiting]) {
      expect((await buildStub(env, id).summary()).ok).toBe(false);
      expect(await queueRow(id)).toBeUndefined();
      expect((await env.ARTIFACTS.list({ prefix: `builds/${id}/` })).objects).toEqual([]);
    }
    expect(refusalOf(await queueStub(env).runner(runner.id))).toMatchObject({ reason: "not_found" });
    expect(await rowsOf(directory(), `SELECT id FROM project WHERE id = ${project.id}`)).toEqual([]);
  });

  it("hands nothing of it out from the answer on, also when the queue starts anew", async () => {
    const { project, waiting } = await full();
    const runner = await registered(project.id);
    // The builds are there until the alarm has removed them.
    vi.spyOn(ProjectRemoval.prototype, "continue").mockRejectedValue(new Error("down"));
    valueOf(await projectStub(env, project.id).remove());
    for (const restart of [async () => {}, () => crash(queueStub(env))]) {
      await restart();
      expect(await queueRow(waiting.id)).toEqual({ state: "pending" });
      expect((await poll(runner)).kind).toBe("nothing");
    }
    vi.restoreAllMocks();
    await removed(project);
  });

  it("gives a build back that was claimed while it began", async () => {
    const { project, waiting } = await full();
    const runner = await registered(project.id);
    const refused = await runInDurableObject(queueStub(env), async (queue) => {
      const polled = queue.poll({
        token: runner,
        systemId: null,
        ipAddress: null,
        info: null,
        abilities: null,
        cursor: null,
      });
      // The claim is on its way to the build.
      await Promise.resolve();
      await queue.stopProject(project.id);
      return valueOf(await polled).kind;
    });
    expect(refused).toBe("nothing");
    expect(await statusOf(buildStub(env, waiting.id))).toBe("pending");
  });

  it("frees its path at once, and hides it from then on", async () => {
    const project = await newProject();
    expect(
      refusalOf(await directory().createProject(project.path.toUpperCase(), { ...DEFAULT_SETTINGS, name: "x" })),
    ).toEqual({
      reason: "taken",
      field: "path",
    });
    valueOf(await projectStub(env, project.id).remove());
    expect((await directory().find(project.id)).ok).toBe(false);
    const heir = await newProject(project.path);
    expect(heir.id).not.toBe(project.id);
    expect(valueOf(await directory().find(project.path)).id).toBe(heir.id);
  });

  it("refuses new builds and retries while it goes on", async () => {
    const { project, done } = await full();
    await buildStub(env, done.id).cancel(ADMINISTRATOR, true);
    const stub = projectStub(env, project.id);
    valueOf(await stub.remove());
    const gone = { reason: "not_found", what: "project" };
    expect(refusalOf(await create(project))).toEqual(gone);
    expect(refusalOf(await stub.remove())).toEqual(gone);
    expect(refusalOf(await stub.checkToken(1))).toEqual({ reason: "forbidden" });
    await removed(project);
  });
});

describe("the directory", () => {
  it("completes a project that a crash left half made, at the next look", async () => {
    const project = await newProject();
    await rowsOf(directory(), `UPDATE project SET state = 'creating' WHERE id = ${project.id}`);
    await runInDurableObject(projectStub(env, project.id), (_instance, state) => state.storage.deleteAll());
    await evictDurableObject(projectStub(env, project.id));
    expect((await projectStub(env, project.id).get()).ok).toBe(false);
    expect(valueOf(await directory().find(project.path))).toEqual(project);
    expect(valueOf(await projectStub(env, project.id).get())).toEqual(project);
  });

  it("knows what a project has become, and nothing older", async () => {
    const project = await newProject();
    const updated = valueOf(await projectStub(env, project.id).update({ description: "new" }));
    expect(valueOf(await directory().find(project.id)).description).toBe("new");
    await directory().describe(project, false);
    expect(valueOf(await directory().find(project.id))).toEqual(updated);
  });
});
