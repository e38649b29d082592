import { allMachines } from "../tools/objects/runners-stored.ts";
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { groupKey } from "../../src/core/runner/matching.ts";
import { MIGRATIONS } from "../../src/queue/schema.ts";
import { migrate, Sql } from "../../src/storage/sql.ts";
import { buildStub, queueStub } from "../../src/stubs.ts";
import { buildOf, crash, inputOf, poll, rowsOf, uniqueId, valueOf } from "../tools/objects/objects.ts";

const queue = () => queueStub(env);

it("a queue from before there were machines and protected refs goes on with its runners and builds", async () => {
  const [buildId, projectId] = [uniqueId(), uniqueId()];
  await runInDurableObject(queue(), (_instance, { storage }) => {
    for (const { name } of storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*' AND name NOT GLOB 'sqlite_*'",
      )
      .toArray())
      storage.sql.exec(`DROP TABLE ${name}`);
    migrate(new Sql(storage), MIGRATIONS.slice(0, 2));
    storage.sql.exec(
      `INSERT INTO runner (id, epoch, description, projects, tags, run_untagged, paused, locked, info, created_at_ms)
       VALUES (7, 3, 'old', ?, '["a"]', 1, 0, 1, '{"version":"1.11.5"}', 1000)`,
      `[${projectId}]`,
    );
    const key = groupKey({ projectId, tags: [], refProtected: false, avoidRunnerId: null });
    storage.sql.exec(
      `INSERT INTO build (build_id, project_id, revision, state, group_key, tags, position, shared, asked_at_ms)
       VALUES (?, ?, 1, 'pending', ?, '[]', 1000, 0, 1000)`,
      buildId,
      projectId,
      key,
    );
  });
  await crash(queue());
  expect(valueOf(await queue().runner(7))).toMatchObject({
    epoch: 3,
    description: "old",
    tokenPrefix: "",
    accessLevel: "not_protected",
    maximumTimeoutSeconds: null,
    maintenanceNote: "",
  });
  // The build's own word comes as a notice that is not newer.
  valueOf(await buildStub(env, buildId).create(inputOf(buildId, projectId)));
  expect(await rowsOf(queue(), "SELECT position, ref_protected FROM build")).toEqual([
    { position: 1000, ref_protected: 0 },
  ]);
  expect(buildOf(await poll({ id: 7, epoch: 3 }, { systemId: "a" }))).toBe(buildId);
  expect(await allMachines(7)).toMatchObject([{ systemId: "a" }]);
});
