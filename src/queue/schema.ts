/** One queue per database; times in milliseconds since the epoch. */
import type { AccessLevel, Runner } from "../core/runner/runner.ts";
import { NUMBER_BLOCK_TABLE } from "../storage/numbers.ts";
import { OUTBOX_ERRORS, OUTBOX_TABLE } from "../storage/outbox-table.ts";
import type { Migration } from "../storage/sql.ts";

export const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "tables",
    sql: `
      CREATE TABLE runner (
        id INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        description TEXT NOT NULL,
        projects TEXT,
        tags TEXT NOT NULL,
        run_untagged INTEGER NOT NULL,
        paused INTEGER NOT NULL,
        locked INTEGER NOT NULL,
        info TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL,
        contacted_at_ms INTEGER
      ) STRICT;
      CREATE TABLE build (
        build_id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'taken')),
        group_key TEXT NOT NULL,
        tags TEXT NOT NULL,
        avoid_runner_id INTEGER,
        position INTEGER NOT NULL,
        runner_id INTEGER,
        runner_epoch INTEGER,
        shared INTEGER NOT NULL,
        asked_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX pending_build ON build (group_key, position) WHERE state = 'pending';
      CREATE INDEX taken_build ON build (shared, project_id) WHERE state = 'taken';
      CREATE TABLE runner_build (
        runner_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        build_id INTEGER NOT NULL,
        runner_epoch INTEGER NOT NULL,
        PRIMARY KEY (runner_id, position)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE closed_project (
        project_id INTEGER PRIMARY KEY
      ) STRICT;
      ${NUMBER_BLOCK_TABLE};
      ${OUTBOX_TABLE}`,
  },
  {
    id: 2,
    name: "lost claims are counted",
    sql: `
      ALTER TABLE build ADD COLUMN lost_claims INTEGER NOT NULL DEFAULT 0;
      CREATE TABLE counter (
        name TEXT NOT NULL,
        label TEXT NOT NULL,
        count INTEGER NOT NULL,
        total INTEGER NOT NULL,
        PRIMARY KEY (name, label)
      ) STRICT, WITHOUT ROWID`,
  },
  {
    id: 3,
    name: "machines, figures of today's runners",
    // A manager's number is never used again: a build that is told of the loss of one may be held by its successor.
    sql: `
      ALTER TABLE runner ADD COLUMN token_prefix TEXT NOT NULL DEFAULT '';
      ALTER TABLE runner ADD COLUMN access_level TEXT NOT NULL DEFAULT 'not_protected';
      ALTER TABLE runner ADD COLUMN maximum_timeout_seconds INTEGER;
      ALTER TABLE runner ADD COLUMN maintenance_note TEXT NOT NULL DEFAULT '';
      ALTER TABLE build ADD COLUMN ref_protected INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE build ADD COLUMN manager_id INTEGER;
      CREATE TABLE runner_manager (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        runner_id INTEGER NOT NULL,
        system_id TEXT NOT NULL,
        info TEXT NOT NULL,
        ip_address TEXT,
        created_at_ms INTEGER NOT NULL,
        contacted_at_ms INTEGER NOT NULL,
        UNIQUE (runner_id, system_id)
      ) STRICT`,
  },
  { id: 4, name: "errors of the outbox", sql: OUTBOX_ERRORS },
  {
    id: 5,
    name: "projects that are being removed",
    sql: "CREATE TABLE stopped_project (project_id INTEGER PRIMARY KEY) STRICT",
  },
];

export interface RunnerRow {
  id: number;
  /** Goes up when the token is reset: older tokens are refused from then on. */
  epoch: number;
  description: string;
  /** JSON of project ids; null for an instance runner. */
  projects: string | null;
  /** JSON of strings. */
  tags: string;
  run_untagged: number;
  paused: number;
  locked: number;
  /** JSON of `RunnerInfo`: what the runner last said of itself. */
  info: string;
  created_at_ms: number;
  /** Lags by up to a minute: memory knows better while the queue is awake. */
  contacted_at_ms: number | null;
  token_prefix: Runner["tokenPrefix"];
  access_level: AccessLevel;
  maximum_timeout_seconds: number | null;
  maintenance_note: string;
}

/** Row of `runner_manager`: one machine of those that share a runner's token. Its contact lags as a runner's does. */
export interface MachineRow {
  id: number;
  runner_id: number;
  system_id: string;
  /** JSON of `RunnerInfo`. */
  info: string;
  ip_address: string | null;
  created_at_ms: number;
  contacted_at_ms: number;
}

/**
 * Row of `build`: one that waits (`pending`), or that a runner holds (`taken`) from before the claim's call to the build
 * leaves until the build says that it is over. `position` is the order of arrival and stays when a build comes back, so
 * that it is first again. `asked_at_ms`: when the build itself was last known to stand like this.
 */
export interface QueuedRow {
  build_id: number;
  project_id: number;
  revision: number;
  state: "pending" | "taken";
  group_key: string;
  tags: string;
  avoid_runner_id: number | null;
  position: number;
  runner_id: number | null;
  runner_epoch: number | null;
  /** Held by an instance runner. */
  shared: number;
  asked_at_ms: number;
  ref_protected: number;
  /** Which machine of the runner holds it, where that is known. */
  manager_id: number | null;
  /** As the build last said: what a newer notice says beyond it has happened since. */
  lost_claims: number;
}

/** Row of `counter`: what `name` counts, apart by `label`; `total` is the sum of what was measured, 0 if nothing is. */
export interface CounterRow {
  name: string;
  label: string;
  count: number;
  total: number;
}

/** Row of `runner_build`: one of the last 100 builds of a runner, which it may still report on. */
export interface RunnerBuildRow {
  runner_id: number;
  position: number;
  build_id: number;
  runner_epoch: number;
}

/** When the build first came into the queue. */
export const arrivedMs = ({ position }: Pick<QueuedRow, "position">): number => Math.floor(position / 1000);
