/** What the objects hold, read from within them: the model's answers are compared with this. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { HistoryEntry } from "../../../src/core/build.ts";
import type { BuildSummary } from "../../../src/core/summary.ts";
import { buildStub, projectStub, queueStub } from "../../../src/stubs.ts";
import { valueOf } from "../objects.ts";

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
    const owed = storage.sql.exec("SELECT * FROM outbox").toArray().length;
    return { summary: summary.value, history: valueOf(instance.history()), owed, alarmAtMs: await storage.getAlarm() };
  });

interface QueuedBuild {
  readonly state: string;
  readonly revision: number;
  readonly runnerId: number | null;
}

export interface QueueView {
  readonly builds: ReadonlyMap<number, QueuedBuild>;
  readonly runners: ReadonlyMap<number, number>;
  readonly owed: number;
}

export const viewQueue = (): Promise<QueueView> =>
  runInDurableObject(queueStub(env), (_instance, { storage }) => {
    const rows = storage.sql.exec("SELECT build_id, state, revision, runner_id FROM build").toArray();
    const runners = storage.sql.exec("SELECT id, epoch FROM runner").toArray();
    return {
      builds: new Map(
        rows.map((row) => [
          Number(row["build_id"]),
          {
            state: String(row["state"]),
            revision: Number(row["revision"]),
            runnerId: row["runner_id"] === null ? null : Number(row["runner_id"]),
          },
        ]),
      ),
      runners: new Map(runners.map((row) => [Number(row["id"]), Number(row["epoch"])])),
      owed: storage.sql.exec("SELECT * FROM outbox").toArray().length,
    };
  });

export interface ProjectView {
  /** Status and revision of each build in the index. */
  readonly builds: ReadonlyMap<number, { readonly status: string; readonly revision: number }>;
  readonly owed: number;
}

export const viewProject = (id: number): Promise<ProjectView> =>
  runInDurableObject(projectStub(env, id), (_instance, { storage }) => {
    const rows = storage.sql.exec("SELECT id, status, revision FROM build").toArray();
    return {
      builds: new Map(
        rows.map((row) => [Number(row["id"]), { status: String(row["status"]), revision: Number(row["revision"]) }]),
      ),
      owed: storage.sql.exec("SELECT * FROM outbox").toArray().length,
    };
  });
