/** The SQL of the runners' rows. */
import type { Runner, RunnerInfo } from "../core/runner/runner.ts";
import type { Sql } from "../storage/sql.ts";
import type { RunnerRow } from "./schema.ts";

const fromRow = (row: RunnerRow): Runner => ({
  id: row.id,
  epoch: row.epoch,
  tokenPrefix: row.token_prefix,
  accessLevel: row.access_level,
  maximumTimeoutSeconds: row.maximum_timeout_seconds,
  maintenanceNote: row.maintenance_note,
  description: row.description,
  projects: row.projects === null ? null : (JSON.parse(row.projects) as number[]),
  tags: JSON.parse(row.tags) as string[],
  runUntagged: row.run_untagged === 1,
  paused: row.paused === 1,
  locked: row.locked === 1,
  info: JSON.parse(row.info) as RunnerInfo,
  createdAtMs: row.created_at_ms,
  contactedAtMs: row.contacted_at_ms,
});

export class RunnerStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  all(): Runner[] {
    return this.#sql.all<RunnerRow>("SELECT * FROM runner ORDER BY id").map(fromRow);
  }

  put(runner: Runner): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO runner (id, epoch, description, projects, tags, run_untagged, paused, locked, info,
         created_at_ms, contacted_at_ms, token_prefix, access_level, maximum_timeout_seconds, maintenance_note)
       VALUES (:id, :epoch, :description, :projects, :tags, :run_untagged, :paused, :locked, :info, :created_at_ms, :contacted_at_ms, :token_prefix, :access_level, :maximum_timeout_seconds, :maintenance_note)`,
      {
        id: runner.id,
        epoch: runner.epoch,
        description: runner.description,
        projects: runner.projects === null ? null : JSON.stringify(runner.projects),
        tags: JSON.stringify(runner.tags),
        run_untagged: runner.runUntagged ? 1 : 0,
        paused: runner.paused ? 1 : 0,
        locked: runner.locked ? 1 : 0,
        info: JSON.stringify(runner.info),
        created_at_ms: runner.createdAtMs,
        contacted_at_ms: runner.contactedAtMs,
        token_prefix: runner.tokenPrefix,
        access_level: runner.accessLevel,
        maximum_timeout_seconds: runner.maximumTimeoutSeconds,
        maintenance_note: runner.maintenanceNote,
      },
    );
  }

  /** The runner and its machines. */
  remove(id: number): void {
    this.#sql.run("DELETE FROM runner WHERE id = :id", { id });
    this.#sql.run("DELETE FROM runner_manager WHERE runner_id = :runner_id", { runner_id: id });
  }
}
