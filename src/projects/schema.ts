/** One project per database; times in milliseconds since the epoch. */
import { BUILD_STATUSES } from "../core/build/build.ts";
import { OUTBOX_ERRORS, OUTBOX_TABLE } from "../storage/outbox-table.ts";
import type { Migration } from "../storage/sql.ts";
import { NUMBER_BLOCK_TABLE } from "../storage/numbers.ts";

const statuses = BUILD_STATUSES.map((status) => `'${status}'`).join(", ");

export const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "tables",
    sql: `
      CREATE TABLE project (
        id INTEGER PRIMARY KEY,
        project TEXT NOT NULL,
        deleting INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE build (
        id INTEGER PRIMARY KEY,
        status TEXT NOT NULL CHECK (status IN (${statuses})),
        finished INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        summary TEXT NOT NULL,
        idempotency_key TEXT,
        fingerprint TEXT
      ) STRICT;
      CREATE INDEX unfinished_build ON build (id) WHERE finished = 0;
      CREATE UNIQUE INDEX keyed_build ON build (idempotency_key) WHERE idempotency_key IS NOT NULL;
      ${NUMBER_BLOCK_TABLE};
      ${OUTBOX_TABLE}`,
  },
  { id: 2, name: "errors of the outbox", sql: OUTBOX_ERRORS },
  { id: 3, name: "the pipeline's file", sql: "ALTER TABLE project ADD COLUMN ci_config TEXT NOT NULL DEFAULT ''" },
  {
    id: 4,
    name: "builds by ref",
    sql: `
      ALTER TABLE build ADD COLUMN tag INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE build ADD COLUMN ref TEXT NOT NULL DEFAULT '';
      ALTER TABLE build ADD COLUMN name TEXT NOT NULL DEFAULT '';
      UPDATE build SET
        tag = json_extract(summary, '$.tag'), ref = json_extract(summary, '$.ref'), name = json_extract(summary, '$.name');
      CREATE INDEX build_of_ref ON build (tag, ref, id, name)`,
  },
  {
    id: 5,
    name: "artifacts that are being deleted",
    sql: "ALTER TABLE project ADD COLUMN deletion_below INTEGER",
  },
];

export interface ProjectRow {
  id: number;
  /** JSON of `Project`. */
  project: string;
  /** From then on nothing new is made, and the alarm removes what there is. */
  deleting: number;
  /** The text of a `.gitlab-ci.yml` that is kept here; "" for none. Apart from the settings, which are copied elsewhere. */
  ci_config: string;
  /** Artifacts of builds with smaller numbers are to be deleted; null when none are. */
  deletion_below: number | null;
}

/** Row of `build`: the index, copies of what the builds said last. */
export interface IndexRow {
  id: number;
  status: string;
  finished: number;
  revision: number;
  /** Fixed, as the two that follow: what builds are found by. */
  tag: number;
  ref: string;
  name: string;
  /** JSON of `BuildSummary`. */
  summary: string;
  /** A repeated creation with this key gets this build, as long as it is there. */
  idempotency_key: string | null;
  /** Tells a repetition from another request with the same key. */
  fingerprint: string | null;
}
