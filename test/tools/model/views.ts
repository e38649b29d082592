/** What the objects hold, read from within them: the model's answers are compared with this. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { HistoryEntry } from "../../../src/core/build/build.ts";
import type { BuildSummary } from "../../../src/core/build/summary.ts";
import type { IndexRow } from "../../../src/projects/schema.ts";
import type { QueuedRow } from "../../../src/queue/schema.ts";
import { buildStub, projectStub, queueStub } from "../../../src/stubs.ts";
import { valueOf } from "../objects/objects.ts";

export interface BuildView {
  readonly summary: BuildSummary;
  readonly history: readonly HistoryEntry[];
  /** Messages that it still owes. */
  readonly owed: number;
  readonly alarmAtMs: number | null;
}

/** Null for a build that isn't there, or not any more. */
export const viewBuild = (id: number): Promise<BuildView | null> =>
  runInDurableObject(buildStub(env, id), async (instance, { storage }) => {
    const summary = instance.summary();
    if (!summary.ok) return null;
    const { text } = storage.sql.exec<{ text: string }>("SELECT owed AS text FROM build").one();
    const owed = Object.keys(JSON.parse(text) as object).length;
    return { summary: summary.value, history: valueOf(instance.history()), owed, alarmAtMs: await storage.getAlarm() };
  });

interface QueuedBuild {
  readonly state: string;
  readonly runnerId: number | null;
}

export interface QueueView {
  readonly builds: ReadonlyMap<number, QueuedBuild>;
  readonly runners: ReadonlySet<number>;
  readonly owed: number;
}

export const viewQueue = (): Promise<QueueView> =>
  runInDurableObject(queueStub(env), (_instance, { storage: { sql } }) => {
    const rows = sql.exec<Pick<QueuedRow, "build_id" | "state" | "runner_id">>(
      "SELECT build_id, state, runner_id FROM build",
    );
    const runners = sql.exec<{ id: number }>("SELECT id FROM runner").toArray();
    return {
      builds: new Map(rows.toArray().map((row) => [row.build_id, { state: row.state, runnerId: row.runner_id }])),
      runners: new Set(runners.map(({ id }) => id)),
      owed: sql.exec("SELECT * FROM outbox").toArray().length,
    };
  });

export interface ProjectView {
  /** Status and revision of each build in the index. */
  readonly builds: ReadonlyMap<number, { readonly status: string; readonly revision: number }>;
  readonly owed: number;
}

export const viewProject = (id: number): Promise<ProjectView> =>
  runInDurableObject(projectStub(env, id), (_instance, { storage: { sql } }) => {
    const rows = sql
      .exec<Pick<IndexRow, "id" | "status" | "revision">>("SELECT id, status, revision FROM build")
      .toArray();
    return {
      builds: new Map(rows.map((row) => [row.id, row])),
      owed: sql.exec("SELECT * FROM outbox").toArray().length,
    };
  });
