import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { MIGRATIONS } from "../../src/projects/schema.ts";
import { migrate, Sql } from "../../src/storage/sql.ts";
import { projectStub } from "../../src/stubs.ts";
import { answer, createJob, createProject, valueOf } from "../tools/objects/fixtures.ts";
import { crash, rowsOf } from "../tools/objects/objects.ts";

it("a project of 0.1.0 goes on with its builds, which are found by their refs", async () => {
  const project = await createProject();
  await createJob(project.id, { name: "pack", ref: "dev" });
  const tagged = await createJob(project.id, { name: "pack", ref: "v1", tag: true });
  const stub = projectStub(env, project.id);
  const [kept] = await rowsOf(stub, "SELECT project FROM project");
  const builds = await rowsOf(stub, "SELECT id, status, revision, summary FROM build");
  await runInDurableObject(stub, (_instance, { storage }) => {
    for (const table of ["project", "build", "number_block", "outbox", "migrations"]) {
      storage.sql.exec(`DROP TABLE IF EXISTS ${table}`);
    }
    migrate(new Sql(storage), MIGRATIONS.slice(0, 1));
    storage.sql.exec("INSERT INTO project (id, project, deleting) VALUES (?, ?, 0)", project.id, kept?.["project"]);
    for (const row of builds) {
      const {
        pipeline: _1,
        commit: _2,
        user: _3,
        ...old
      } = JSON.parse(row["summary"] as string) as Record<string, unknown>;
      storage.sql.exec(
        "INSERT INTO build (id, status, finished, revision, summary) VALUES (?, ?, 0, ?, ?)",
        row["id"],
        row["status"],
        row["revision"],
        JSON.stringify({ ...old, pipelineId: 12 }),
      );
    }
  });
  await crash(stub);
  expect(await answer("GET", `/projects/${project.id}/repository/branches`)).toMatchObject([200, [{ name: "dev" }]]);
  expect(valueOf(await projectStub(env, project.id).latestBuild("tag", "v1"))).toMatchObject({
    id: tagged.id,
    pipeline: { id: 12, iid: 12 },
  });
  expect(await answer("GET", `/projects/${project.id}`)).toEqual([200, project]);
  expect(await answer("PUT", `/projects/${project.id}`, { body: { ci_config: "a: 1" } })).toMatchObject([
    200,
    { ci_config: "a: 1" },
  ]);
});
