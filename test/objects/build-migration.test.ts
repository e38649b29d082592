import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { FRESH, MIGRATIONS } from "../../src/builds/schema.ts";
import { OUTBOX_TABLE } from "../../src/storage/outbox-table.ts";
import { migrate, Sql } from "../../src/storage/sql.ts";
import { buildStub } from "../../src/stubs.ts";
import {
  alarmOf,
  bytesOf,
  claim,
  FIRST,
  pendingBuild,
  rowsOf,
  statusOf,
  storedDebts,
  traceOf,
  uniqueId,
  valueOf,
} from "../tools/objects/objects.ts";
import type { BuildStub } from "../tools/objects/objects.ts";

const made = (by: (sql: Sql) => void) =>
  runInDurableObject(buildStub(env, uniqueId()), (_instance, { storage }) => {
    by(new Sql(storage));
    const tables = storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .toArray();
    return tables.map(({ name }) => {
      const columns = storage.sql.exec(`PRAGMA table_info('${name}')`).toArray();
      const described = columns.map(({ name: column, type, notnull, dflt_value: otherwise, pk }) =>
        JSON.stringify([column, type, notnull, otherwise, pk]),
      );
      return [name, described.toSorted((a, b) => a.localeCompare(b))];
    });
  });

/** As if the first version had made it, with a message that its project has yet to hear. */
const olderAgain = async (older: BuildStub) => {
  for (const column of ["trace_verified", "trace_resets", "watched_until_ms", "owed", "first_alarm_at_ms"]) {
    await rowsOf(older, `ALTER TABLE build DROP COLUMN ${column}`);
  }
  await rowsOf(older, "ALTER TABLE artifact DROP COLUMN variables");
  await rowsOf(older, OUTBOX_TABLE);
  await rowsOf(older, "INSERT INTO outbox VALUES ('project', 2, 'null', 1, 1000)");
  await rowsOf(older, "DELETE FROM migrations WHERE id > 1");
};

it("a new build has the tables that all migrations lead to", async () => {
  const fresh = await made((sql) => migrate(sql, MIGRATIONS, FRESH));
  const migrated = await made((sql) => {
    migrate(sql, MIGRATIONS.slice(0, 1));
    migrate(sql, MIGRATIONS);
  });
  expect(fresh).toEqual(migrated);
});

it("a claim of a build that was made by the first version, whose alarm is far away, has one for its lease", async () => {
  const { id, stub } = await pendingBuild();
  await olderAgain(stub);
  await rowsOf(stub, "DELETE FROM outbox");
  await runInDurableObject(stub, (_instance, { storage }) => storage.setAlarm(Date.now() + 86_400_000));
  await evictDurableObject(stub);
  await claim(buildStub(env, id));
  expect(await alarmOf(buildStub(env, id))).toBeLessThan(Date.now() + 130_000);
});

it("a build that was made by the first version goes on, and its runner with it", async () => {
  const { id, stub } = await pendingBuild();
  await claim(stub);
  valueOf(await stub.append(FIRST, 0, bytesOf("before.")));
  await olderAgain(stub);
  await evictDurableObject(stub);
  const again = buildStub(env, id);
  expect(await storedDebts(again)).toEqual([{ destination: "project", revision: 2, tries: 1, dueAtMs: 1000 }]);
  expect(valueOf(await again.append(FIRST, 7, bytesOf(" after."))).lengthBytes).toBe(14);
  expect(await traceOf(again)).toBe("before. after.");
  valueOf(await again.report(FIRST, { kind: "succeed" }));
  expect(await statusOf(again)).toBe("success");
});
